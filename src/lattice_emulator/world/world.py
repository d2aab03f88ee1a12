"""The emulated service as a whole."""
