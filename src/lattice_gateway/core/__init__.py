"""The product as plain functions from values to values: no I/O, clock, randomness, environment or log."""
