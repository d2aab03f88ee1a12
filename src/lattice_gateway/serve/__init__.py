"""What the process offers to others: its place among replicas, health, metrics, the webhook of pods.

In: what the engine and the adapters know. Out: answers over HTTP, and who leads. Nothing here changes VPC Lattice.
"""
