"""Reading plain data (YAML, JSON) with errors that name the key, what was found and what was expected."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeVar

T = TypeVar("T")


class SettingError(ValueError):
    """A setting is wrong; the text is a sentence for its author."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and the key that leads to it (``faults.failures[0].count``)."""

    key: str
    value: object

    def wrong(self, expected: str) -> SettingError:
        """Say what was expected here instead."""
        return SettingError(f"{self.key or 'the whole'}: found {self.value!r}, expected {expected}")

    def mapping(self, *known: str) -> Mapping[str, "Entry"]:
        """Read a mapping whose keys are all among ``known`` (any text when none are given); null is empty."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict) or not all(isinstance(key, str) for key in self.value):
            raise self.wrong("a mapping")
        for key in self.value:
            if known and key not in known:
                raise SettingError(f"{self._below(key)}: found an unknown key, expected one of {', '.join(known)}")
        return {key: Entry(self._below(key), value) for key, value in self.value.items()}

    def items(self) -> Iterator["Entry"]:
        """Read a list; null is empty."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        for at, value in enumerate(self.value):
            yield Entry(f"{self.key}[{at}]", value)

    def table(self, read: Callable[["Entry"], T]) -> dict[str, T]:
        """Read a mapping of values that all have one form."""
        return {key: read(entry) for key, entry in self.mapping().items()}

    def text(self) -> str:
        """Read a text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.wrong("a text")
        return self.value

    def seconds(self) -> float:
        """Read a duration in seconds, 0 or more."""
        return self._number("a number of seconds, 0 or more", least=0.0)

    def rate(self) -> float:
        """Read a number above 0."""
        number = self._number("a number above 0", least=0.0)
        if number == 0:
            raise self.wrong("a number above 0")
        return number

    def count(self) -> int:
        """Read a whole number, 1 or more."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 1:
            raise self.wrong("a whole number, 1 or more")
        return self.value

    def _number(self, expected: str, least: float) -> float:
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < least:
            raise self.wrong(expected)
        return float(value)

    def _below(self, key: Any) -> str:
        return f"{self.key}.{key}" if self.key else str(key)
