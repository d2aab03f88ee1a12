"""Tags of an instance from EC2's API; the role needs ``ec2:DescribeTags``."""

from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from lattice_gateway.adapters.imds.metadata import Unanswered


class Ec2Tags:
    """DescribeTags, once; ``endpoint`` None is EC2 itself."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    async def tag(self, instance: str, key: str, region: str) -> str | None:
        """Value of a tag, None where the instance does not have it. Raises ``Unanswered``."""
        config = AioConfig(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
        wanted: dict[str, Any] = {
            "Filters": [{"Name": "resource-id", "Values": [instance]}, {"Name": "key", "Values": [key]}]
        }
        try:
            async with get_session().create_client(
                "ec2", region_name=region, endpoint_url=self._endpoint, config=config
            ) as client:
                answer = await client.describe_tags(**wanted)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise Unanswered(f"ec2:DescribeTags of {instance}: {code}") from error
        except BotoCoreError as error:
            raise Unanswered(f"ec2:DescribeTags of {instance}: {error}") from error
        return next((each["Value"] for each in answer["Tags"] if each["Key"] == key), None)
