"""``python -m lattice_emulator`` is ``lattice-emulator``."""

from lattice_emulator.cli import main

main()
