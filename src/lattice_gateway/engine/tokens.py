"""Client tokens of creates: the same again after an unknown result, another one after every known one."""

from collections import Counter
from hashlib import sha256

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.operations import Operation


class Tokens:
    """Tokens of one process; ``process`` is a random id of it."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._attempts: Counter[UnitKey] = Counter()

    def token(self, unit: UnitKey, operation: Operation) -> str:
        """The token to send with ``operation``: 64 hex digits."""
        text = f"{self._process}\n{unit}\n{self._attempts[unit]}\n{operation!r}"
        return sha256(text.encode()).hexdigest()

    def known(self, unit: UnitKey) -> None:
        """The last call's result is known: what is sent next is another request."""
        self._attempts[unit] += 1
