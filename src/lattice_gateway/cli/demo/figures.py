"""What the demo measured, as one value that ``-o json`` prints."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Figures:
    """Filled while the story goes on; seconds are wall-clock seconds.

    ``splits`` maps the weights as written in the manifest (``50/50``) to answers by backend Service.
    ``leftovers`` maps a resource type to how many are left; empty when nothing is.
    """

    time_scale: float
    traffic: bool = True
    seconds_to_programmed: float | None = None
    paths: dict[str, str] = field(default_factory=dict)
    splits: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds_to_traffic: float | None = None
    failed_requests: int = 0
    seconds_to_delete_routes: float | None = None
    seconds_to_delete_gateway: float | None = None
    leftovers: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None

    def split(self, weights: str, answers: Counter[str]) -> None:
        """Remembers one split."""
        self.splits[weights] = dict(sorted(answers.items()))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready members, times rounded to milliseconds."""
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}
