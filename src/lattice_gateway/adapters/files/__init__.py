"""Objects, state and status in files.

In: a directory tree of manifests. Out: batches of objects for the engine, and, in the state directory, what must
outlive the process and what became of each object. It knows nothing of clusters and VPC Lattice's API.
"""

from lattice_gateway.adapters.files.reader import NoMemory, read_once
from lattice_gateway.adapters.files.records import Binding
from lattice_gateway.adapters.files.settle import Moment
from lattice_gateway.adapters.files.source import DirectorySource, moment
from lattice_gateway.adapters.files.state import (
    StateDirectory,
    StateError,
    StateLocked,
    StateMismatch,
    read_state,
)
from lattice_gateway.adapters.files.status import StatusDirectory

__all__ = [
    "Binding",
    "DirectorySource",
    "Moment",
    "NoMemory",
    "StateDirectory",
    "StateError",
    "StateLocked",
    "StateMismatch",
    "StatusDirectory",
    "moment",
    "read_once",
    "read_state",
]
