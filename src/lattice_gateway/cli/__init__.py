"""The command line: one module a command; ``main`` chooses.

``run`` is read without Typer, which costs a controller 8 MiB for nothing.
"""

from lattice_gateway.cli.main import main

__all__ = ["main"]
