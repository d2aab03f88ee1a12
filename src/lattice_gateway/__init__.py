"""Gateway API on Amazon VPC Lattice: cluster objects in, Lattice operations out."""
