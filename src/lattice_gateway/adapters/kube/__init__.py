"""Objects, status and state in a Kubernetes cluster.

In: an API server. Out: batches of objects for the engine, and what became of each object written back to it. It knows
nothing of files and VPC Lattice's API.
"""

from lattice_gateway.adapters.kube.client import NotConfigured
from lattice_gateway.adapters.kube.connect import Kube, connect
from lattice_gateway.core.report.happenings import Happening, Importance, Reason

__all__ = ["Happening", "Importance", "Kube", "NotConfigured", "Reason", "connect"]
