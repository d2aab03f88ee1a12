"""Who a caller is who does not say: the same constants as the gateway's for a loopback endpoint."""

DEFAULT_ACCOUNT = "111122223333"
DEFAULT_REGION = "us-west-2"
DEFAULT_VPC = "vpc-0123456789abcdef0"
