"""Whose a resource is, and which tags are ours to change (decision 15)."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.lattice.operations import Known, TagResource, UntagResource
from lattice_gateway.core.lattice.words import Arn, Tag, Tags
from lattice_gateway.core.plan.ownership import is_ours, remembering, tag_change
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import OWN

THING = Known("svc-1", Arn("arn:svc-1"))


def tags(**pairs: str) -> Tags:
    return Tags({**OWN, **pairs})


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        pytest.param(Tags(OWN), True, id="the same"),
        pytest.param(Tags({Tag.MANAGED_BY: "111122223333/Laptop/vpc-1"}), False, id="another case"),
        pytest.param(Tags(), False, id="nobody's"),
        pytest.param(None, False, id="not read"),
    ],
)
def test_ours_is_what_carries_our_name_byte_for_byte(found: Tags | None, ours: bool) -> None:
    assert is_ours(found, OWNER) is ours


def test_keys_are_remembered_by_six_digits_of_their_hash() -> None:
    expected = "".join(sorted(sha256(key.encode()).hexdigest()[:6] for key in ("team", "cost")))

    assert remembering(tags(team="a", cost="b"))[Tag.TAG_KEYS] == expected
    assert Tag.TAG_KEYS not in remembering(tags())


def test_equal_tags_are_not_written_even_without_memory() -> None:
    assert tag_change(tags(team="a"), Tags({**tags(team="a"), "foreign": "x"})).operations(THING) == ()


def test_a_key_that_we_set_and_no_longer_want_goes() -> None:
    change = tag_change(tags(), remembering(tags(team="a"))).operations(THING)

    assert change == (UntagResource(THING, frozenset({"team", Tag.TAG_KEYS})),)


def test_a_key_that_we_do_not_remember_stays() -> None:
    assert tag_change(tags(), tags(team="a")).operations(THING) == ()


def test_removal_comes_first_so_that_a_crash_forgets_nothing() -> None:
    before = remembering(tags(team="a"))
    after = remembering(tags(cost="b"))

    untag, tag = tag_change(tags(cost="b"), before).operations(THING)

    assert untag == UntagResource(THING, frozenset({"team"}))
    assert tag == TagResource(THING, Tags({"cost": "b", Tag.TAG_KEYS: after[Tag.TAG_KEYS]}))


def test_many_keys_fit_into_one_value() -> None:
    assert len(remembering(Tags({f"k{i}": "" for i in range(49)}))[Tag.TAG_KEYS]) <= 256


pairs = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["1", "2"]))


@given(first=pairs, second=pairs, foreign=st.dictionaries(st.sampled_from(["x", "y"]), st.just("0")))
def test_tags_become_the_wanted_ones_and_foreign_ones_stay(
    first: dict[str, str], second: dict[str, str], foreign: dict[str, str]
) -> None:
    there = remembering(tags(**first)).over(foreign)

    for wanted in (second, second, first):
        for operation in tag_change(tags(**wanted), there).operations(THING):
            match operation:
                case UntagResource(keys=keys):
                    there = Tags({key: value for key, value in there.items() if key not in keys})
                case TagResource(tags=put):
                    there = put.over(there)
        own = {key: value for key, value in there.items() if key != Tag.TAG_KEYS}
        assert own == {**OWN, **wanted, **foreign}
        assert tag_change(tags(**wanted), there).operations(THING) == ()
