"""Fixtures: what the tests of the commands and of the running controller have."""

from tests.cluster.commands_look.conftest import admin, hotel, stage

__all__ = ["admin", "hotel", "stage"]
