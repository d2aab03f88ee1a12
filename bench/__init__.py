"""Measures lattice-gateway against the emulator: ``python -m bench`` prints a table with bounds and goals."""
