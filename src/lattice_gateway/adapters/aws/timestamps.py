"""Moments in answers, read by the standard library: botocore's own reader takes ten times as long for a whole page."""

from datetime import datetime
from typing import Any

from botocore.utils import parse_timestamp


def read_timestamp(value: Any) -> datetime:
    """A moment as the API writes it; whatever else botocore accepts (numbers, other forms) is left to it."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment: datetime = parse_timestamp(value)
        return moment
