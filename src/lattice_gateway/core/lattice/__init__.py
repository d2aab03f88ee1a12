"""The words of VPC Lattice: keys, desired units, what was observed, operations and their outcomes.

Knows nothing of Kubernetes objects beyond the names that end up in tags. Everything here is a frozen value.
"""
