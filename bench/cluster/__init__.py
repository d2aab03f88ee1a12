"""What the controller costs in a cluster: a real API server, the emulator as AWS with 50 ms a call."""
