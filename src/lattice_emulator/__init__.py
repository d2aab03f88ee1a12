"""An emulator of Amazon VPC Lattice: its API, its life cycles and a data plane that carries real traffic."""
