"""Orphans and collectable groups (decision 35)."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.observed import ObservedGroup
from lattice_gateway.core.lattice.words import Arn, Status, Tag, Tags, VpcId
from lattice_gateway.core.plan.plan import Plan
from lattice_gateway.core.plan.sweep import Account, collectable, orphans, plan_collection
from tests.laws.plan.driver import OWNER
from tests.unit.plan.test_groups import OURS as USED
from tests.unit.plan.test_groups import names
from tests.unit.plan.test_networks import ASSOCIATED, BY_HAND
from tests.unit.plan.test_networks import OURS as NETWORK
from tests.unit.plan.test_services import THERE

GROUP = replace(USED, service_arns=frozenset())
AGE = 600.0


def tagged(**changes: str | None) -> Tags:
    tags = {**(GROUP.tags or {}), **changes}
    return Tags({key: value for key, value in tags.items() if value is not None})


def test_what_is_ours_without_a_record_is_told_by_kind_and_name() -> None:
    account = Account(services=(THERE,), networks=(NETWORK, BY_HAND), vpc_associations=(ASSOCIATED,), groups=(GROUP,))

    assert [str(orphan) for orphan in orphans(account, OWNER, frozenset())] == [
        f"group/{GROUP.name} (tg-1), made for route default/rates",
        "network/my-hotel (sn-1), made for gateway default/my-hotel",
        "service/rates-default (svc-1), made for route default/rates",
        "vpc-association/my-hotel (snva-1), made for gateway default/my-hotel",
    ]


def test_what_is_known_going_or_not_ours_is_no_orphan() -> None:
    account = Account(
        services=(
            THERE,
            replace(THERE, arn=Arn("arn:svc-2"), status=Status.DELETE_IN_PROGRESS),
            replace(THERE, arn=Arn("arn:svc-3"), tags=None),
            replace(THERE, arn=Arn("arn:svc-4"), tags=Tags()),
        )
    )

    assert orphans(account, OWNER, frozenset({THERE.arn})) == ()


def test_an_association_of_a_policy_is_no_orphan() -> None:
    account = Account(vpc_associations=(replace(ASSOCIATED, tags=Tags({str(Tag.MANAGED_BY): str(OWNER)})),))

    assert orphans(account, OWNER, frozenset()) == ()


@pytest.mark.parametrize(
    ("group", "collected"),
    [
        pytest.param(GROUP, True, id="unused"),
        pytest.param(USED, False, id="used"),
        pytest.param(replace(GROUP, id="tg-chosen"), False, id="chosen"),
        pytest.param(replace(GROUP, id="tg-young"), False, id="not unused for long"),
        pytest.param(replace(GROUP, id="tg-unseen"), False, id="never seen unused"),
        pytest.param(replace(GROUP, status=Status.DELETE_IN_PROGRESS), False, id="going"),
        pytest.param(replace(GROUP, tags=None), False, id="tags not read"),
        pytest.param(replace(GROUP, vpc=VpcId("vpc-9")), False, id="another VPC"),
        pytest.param(replace(GROUP, tags=tagged(**{Tag.MANAGED_BY: "1/2/3"})), False, id="somebody else's"),
        pytest.param(replace(GROUP, tags=tagged(**{Tag.CLUSTER_NAME: "x"})), False, id="another cluster"),
        pytest.param(replace(GROUP, tags=tagged(**{Tag.SOURCE_TYPE: None})), False, id="no source"),
        pytest.param(replace(GROUP, tags=tagged(**{Tag.SOURCE_TYPE: "Other"})), False, id="an unknown source"),
        pytest.param(replace(GROUP, tags=tagged(**{Tag.SOURCE_TYPE: "ServiceExport"})), False, id="exported"),
    ],
)
def test_only_unused_groups_of_ours_are_collected(group: ObservedGroup, collected: bool) -> None:
    unused_for = {"tg-1": AGE, "tg-chosen": AGE, "tg-young": AGE - 1}

    found = collectable((group,), frozenset({"tg-chosen"}), unused_for, OWNER, AGE)

    assert found == ((group,) if collected else ())


def test_a_collected_group_is_emptied_and_deleted() -> None:
    plan = plan_collection(GROUP)

    assert names(plan) == ["DeregisterTargets", "DeleteTargetGroup"]
    assert isinstance(plan, Plan)
    assert str(plan.unit) == "group/-/default/parking:80/HTTP/HTTP1/IPV4"


def test_an_origin_that_the_tags_do_not_name_is_said_so() -> None:
    owner = {str(Tag.MANAGED_BY): str(OWNER)}
    services = (
        replace(THERE, tags=Tags(owner)),
        replace(THERE, arn=Arn("arn:2"), tags=Tags({**owner, Tag.SERVICE_NAME: "s", Tag.SERVICE_NAMESPACE: "n"})),
    )

    assert [orphan.origin for orphan in orphans(Account(services=services), OWNER, frozenset())] == [
        "service n/s",
        "an object that its tags do not name",
    ]
