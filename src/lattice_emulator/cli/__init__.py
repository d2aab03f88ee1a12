"""The command ``lattice-emulator``: arguments in, exit codes and lines for a person out."""

from lattice_emulator.cli.app import main

__all__ = ["main"]
