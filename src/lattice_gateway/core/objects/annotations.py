"""Annotations that people write: their keys, what they mean, and what is wrong with them.

In: the annotations of an object. Out: values, or complaints to show. Where the text cannot be used the documented
fallback is returned and ``doubts`` says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias
from unicodedata import category

from lattice_gateway.core.objects.explain import Complaint, show
from lattice_gateway.core.objects.refs import LATTICE_API

PREFIX: Final = f"{LATTICE_API}/"
"""``P/`` of the documents."""

MAX_TAG_KEY: Final = 128
MAX_TAG_VALUE: Final = 256
"""AWS: length of tag keys and values, in characters."""

MAX_PRIORITY: Final = 2000
"""Lattice: RulePriority."""

Annotations: TypeAlias = Mapping[str, str]


class Annotation(StrEnum):
    """Keys we read on routes, Gateways and exports, and the two we write on routes."""

    STANDALONE = PREFIX + "standalone"
    PAUSED = PREFIX + "paused"
    TAGS = PREFIX + "tags"
    SERVICE_NAME_OVERRIDE = PREFIX + "service-name-override"
    ALLOW_TAKEOVER_FROM = PREFIX + "allow-takeover-from"
    ASSIGNED_DOMAIN_NAME = PREFIX + "lattice-assigned-domain-name"
    SERVICE_ARN = PREFIX + "lattice-service-arn"


@dataclass(frozen=True, slots=True)
class UserTags:
    """Tags of ``P/tags`` in the order given, and the pairs that were left out, with the reason."""

    tags: tuple[tuple[str, str], ...] = ()
    skipped: tuple[Complaint, ...] = ()

    def as_mapping(self) -> dict[str, str]:
        """The tags by key."""
        return dict(self.tags)


def user_tags(annotations: Annotations, room: int) -> UserTags:
    """The tags a person wants on a resource that has ``room`` for that many beside our own (decision 15).

    A pair is split at its first ``=``; of equal keys the first wins.

    Parity: trimming, character set and limits are those of the Go controller v2.1.3; unlike it, lengths count
    characters, reserved keys use up no room, and what is left out is named (model.md P1.19).
    """
    tags: dict[str, str] = {}
    skipped: list[Complaint] = []
    for pair in filter(None, (part.strip() for part in annotations.get(Annotation.TAGS, "").split(","))):
        key, _, value = (side.strip() for side in pair.partition("="))
        fault = _tag_fault(key, value) or _place_fault(key, tags, room)
        if fault:
            skipped.append(Complaint(_path(Annotation.TAGS), show(pair), fault))
        else:
            tags[key] = value
    return UserTags(tuple(tags.items()), tuple(skipped))


def standalone(annotations: Annotations) -> bool | None:
    """Whether the object says ``standalone``; None where it says nothing, False where the text is neither word.

    Parity: blank or unreadable counts as false, and still beats the Gateway (Go v2.1.3).
    """
    text = annotations.get(Annotation.STANDALONE)
    return None if text is None else _is_true(text)


def paused(annotations: Annotations) -> bool:
    """Whether the object is on hold (decision 34)."""
    return _is_true(annotations.get(Annotation.PAUSED, ""))


def doubts(annotations: Annotations) -> tuple[Complaint, ...]:
    """Switches whose text is neither ``true`` nor ``false`` and therefore counts as ``false``."""
    return tuple(
        Complaint(_path(key), show(annotations[key]), "true or false (taken as false)")
        for key in (Annotation.STANDALONE, Annotation.PAUSED)
        if annotations.get(key, "false").strip().lower() not in {"true", "false"}
    )


def rule_priority(annotations: Annotations, index: int) -> int | Complaint | None:
    """The number that ``P/rule-<index>-priority`` gives a rule: None where there is none (decision 6)."""
    key = f"{PREFIX}rule-{index}-priority"
    text = annotations.get(key)
    if text is None:
        return None
    if re.fullmatch(r"[1-9][0-9]{0,3}", text) and int(text) <= MAX_PRIORITY:
        return int(text)
    return Complaint(_path(key), show(text), f"a whole number, 1 to {MAX_PRIORITY}")


def service_name_override(annotations: Annotations) -> str | None:
    """The name a route gives its Lattice service, not trimmed; None where empty or missing."""
    return annotations.get(Annotation.SERVICE_NAME_OVERRIDE) or None


def override_fault(name: str) -> str | None:
    """The message for an override that cannot name a Lattice service, or None."""
    fault = service_name_fault(name)
    return f"invalid service name override '{name}': {fault}" if fault else None


def service_name_fault(name: str) -> str | None:
    """The first rule that a Lattice service name breaks, or None.

    Lattice: ServiceName. Parity: order and words of the Go controller v2.1.3; lengths in bytes, as it counts them.
    """
    return next((text for broken, text in _name_rules(name) if broken), None)


def allow_takeover_from(annotations: Annotations) -> str | None:
    """The owner a service may be taken over from, ``<account>/<cluster>/<vpc>``; None where blank or missing."""
    text = annotations.get(Annotation.ALLOW_TAKEOVER_FROM, "")
    return text if text.strip() else None


def _name_rules(name: str) -> Iterator[tuple[bool, str]]:
    size = len(name.encode())
    yield size < 3, "service name must be at least 3 characters long"
    yield size > 40, "service name cannot exceed 40 characters"
    yield (
        not re.fullmatch(r"[a-z0-9-]+", name),
        "service name must contain only lowercase letters, numbers, and hyphens",
    )
    yield name.startswith("svc-"), "service name cannot start with 'svc-'"
    yield name.startswith("-"), "service name cannot start with a hyphen"
    yield name.endswith("-"), "service name cannot end with a hyphen"
    yield "--" in name, "service name cannot contain double hyphens"


def _tag_fault(key: str, value: str) -> str | None:
    """What keeps a pair from being a tag of the user's, or None."""
    if not key or not value:
        return "key=value with both sides"
    if len(key) > MAX_TAG_KEY:
        return f"a key of at most {MAX_TAG_KEY} characters"
    if len(value) > MAX_TAG_VALUE:
        return f"a value of at most {MAX_TAG_VALUE} characters"
    if not (_is_tag_text(key) and _is_tag_text(value)):
        return "letters, digits, spaces and _ . : / = + - @ only"
    if key.startswith(PREFIX) or key.lower().startswith("aws:"):
        return f"a key that does not begin with {PREFIX} or aws:"
    return None


def _place_fault(key: str, tags: Mapping[str, str], room: int) -> str | None:
    if key in tags:
        return "each key once (the first counts)"
    if len(tags) >= room:
        return f"at most {room} tags beside the controller's own"
    return None


def _is_tag_text(text: str) -> bool:
    r"""Whether AWS accepts the characters: ``[\p{L}\p{Z}\p{N}_.:/=+\-@]*``."""
    return all(char in "_.:/=+-@" or category(char)[0] in "LZN" for char in text)


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"


def _path(key: str) -> str:
    return f"metadata.annotations.{key}"
