"""``python -m lattice_gateway`` is ``lattice-gateway``."""

from lattice_gateway.cli import main

main()
