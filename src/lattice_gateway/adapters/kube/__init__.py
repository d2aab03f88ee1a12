"""Objects, status and state in a Kubernetes cluster.

In: an API server. Out: batches of objects for the engine, and what became of each object written back to it. It knows
nothing of files and VPC Lattice's API.
"""
