"""Whose a resource is, and which of its tags are ours to change. Decided here and nowhere else.

A resource is ours when its ManagedBy tag equals the owner byte for byte; unread tags are never ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from lattice_gateway.core.lattice.operations import Known, Operation, TagResource, UntagResource
from lattice_gateway.core.lattice.words import PREFIX, Arn, Owner, Tag, Tags

DIGITS = 6
"""Hex digits of a key's SHA-256 that ``P/TagKeys`` keeps (decision 15)."""

ACCOUNT = 4
"""Part of an ARN that names the account: ``arn:<partition>:vpc-lattice:<region>:<account>:...``."""

LONGEST_VALUE = 256
"""Lattice: length of a tag's value."""


def is_ours(tags: Tags | None, owner: Owner) -> bool:
    """Whether tags say that the resource is ours; False where they were not read."""
    return tags is not None and tags.get(Tag.MANAGED_BY) == str(owner)


def is_shared_with_us(arn: Arn, owner: Owner) -> bool:
    """Whether another account owns the resource; its tags cannot be read, and it is never ours."""
    parts = arn.split(":")
    return len(parts) > ACCOUNT and parts[ACCOUNT] != owner.account


def remembering(tags: Tags) -> Tags:
    """Tags for a create: with the memory of the additional keys among them, if there are any."""
    memory = _memory(tags)
    return Tags({Tag.TAG_KEYS: memory}).over(tags) if memory else tags


@dataclass(frozen=True, slots=True)
class TagChange:
    """Difference of tags: keys to remove and pairs to set, the memory of our keys among them."""

    drop: frozenset[str]
    put: Tags

    def operations(self, resource: Known) -> tuple[Operation, ...]:
        """Removal first: until the new memory is written, the old one still names what is to go."""
        untag = (UntagResource(resource, self.drop),) if self.drop else ()
        return (*untag, TagResource(resource, self.put)) if self.put else untag


def tag_change(desired: Tags, observed: Tags) -> TagChange:
    """What to change so that ``desired`` is set and keys that we set earlier and no longer want are gone.

    Keys that we do not remember having set are foreign and stay (decision 15). The memory alone is never a reason
    to write.
    """
    put = {key: value for key, value in desired.items() if observed.get(key) != value}
    remembered = _remembered(observed)
    drop = {key for key in observed if key not in desired and _is_additional(key) and _digits(key) in remembered}
    if not put and not drop:
        return TagChange(frozenset(), Tags())
    memory, present = _memory(desired), observed.get(Tag.TAG_KEYS, "")
    if memory and memory != present:
        put[Tag.TAG_KEYS] = memory
    if not memory and present:
        drop.add(Tag.TAG_KEYS)
    return TagChange(frozenset(drop), Tags(put))


def additional(tags: Mapping[str, str]) -> Tags:
    """Those of the tags that come from the user's annotation: neither ours (``P/``) nor AWS's."""
    return Tags({key: value for key, value in tags.items() if _is_additional(key)})


def _is_additional(key: str) -> bool:
    return not key.startswith(PREFIX) and not key.lower().startswith("aws:")


def _digits(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:DIGITS]


def _memory(tags: Tags) -> str:
    """Digits of the additional keys, sorted and joined; as many as a tag's value holds."""
    return "".join(sorted(_digits(key) for key in tags if _is_additional(key)))[: LONGEST_VALUE // DIGITS * DIGITS]


def _remembered(tags: Tags) -> frozenset[str]:
    memory = tags.get(Tag.TAG_KEYS, "")
    return frozenset(memory[i : i + DIGITS] for i in range(0, len(memory), DIGITS))
