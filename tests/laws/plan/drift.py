"""What happens to a converged account behind our back."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from lattice_gateway.core.lattice.observed import Fixed, ObservedRule, ObservedService, ObservedTarget, Unmodelled
from lattice_gateway.core.lattice.units import HealthCheck, Match, Prefix, Target
from lattice_gateway.core.lattice.words import Status, Tag, Tags, TargetStatus
from tests.laws.plan.lattice import Lattice

Change = Callable[[Lattice, Random], None]


def with_rules(lattice: Lattice, change: Callable[[tuple[ObservedRule, ...]], tuple[ObservedRule, ...]]) -> None:
    def changed(service: ObservedService) -> ObservedService:
        listeners = tuple(replace(each, rules=change(each.rules or ())) for each in service.listeners or ())
        return replace(service, listeners=listeners)

    lattice.services = {identity: changed(service) for identity, service in lattice.services.items()}


def priorities_mixed(lattice: Lattice, random: Random) -> None:
    def mixed(rules: tuple[ObservedRule, ...]) -> tuple[ObservedRule, ...]:
        numbers = random.sample(range(1, 30), len(rules))
        return tuple(replace(rule, priority=number) for rule, number in zip(rules, numbers, strict=True))

    with_rules(lattice, mixed)


def matches_changed(lattice: Lattice, random: Random) -> None:
    other = (Match(Prefix("/elsewhere")), Unmodelled("{}"))
    with_rules(lattice, lambda rules: tuple(replace(r, match=random.choice((r.match, *other))) for r in rules))


def actions_changed(lattice: Lattice, random: Random) -> None:
    with_rules(lattice, lambda rules: tuple(replace(r, action=random.choice((r.action, Fixed(404)))) for r in rules))


def rules_lost(lattice: Lattice, random: Random) -> None:
    with_rules(lattice, lambda rules: tuple(rule for rule in rules if random.random() < 0.6))


def listeners_lost(lattice: Lattice, random: Random) -> None:
    lattice.services = {
        k: replace(s, listeners=tuple(e for e in s.listeners or () if random.random() < 0.5))
        for k, s in lattice.services.items()
    }


def associations_failed(lattice: Lattice, random: Random) -> None:
    statuses = (Status.ACTIVE, Status.CREATE_FAILED, Status.DELETE_IN_PROGRESS)
    lattice.services = {
        k: replace(s, associations=tuple(replace(a, status=random.choice(statuses)) for a in s.associations or ()))
        for k, s in lattice.services.items()
    }
    lattice.vpcs = {k: replace(a, status=random.choice(statuses)) for k, a in lattice.vpcs.items()}


def services_lost(lattice: Lattice, random: Random) -> None:
    lattice.services = {k: s for k, s in lattice.services.items() if random.random() < 0.5}


def network_lost(lattice: Lattice, random: Random) -> None:
    if not any(service.associations for service in lattice.services.values()):
        lattice.networks, lattice.vpcs = {}, {}


def targets_changed(lattice: Lattice, random: Random) -> None:
    odd = ObservedTarget(Target("10.9.9.9", 9), TargetStatus.UNHEALTHY)
    lattice.groups = {
        k: replace(g, targets=(*(t for t in g.targets or () if random.random() < 0.5), odd))
        for k, g in lattice.groups.items()
    }


def settings_changed(lattice: Lattice, random: Random) -> None:
    check = HealthCheck(enabled=False, path="/other")
    lattice.groups = {k: replace(g, health=random.choice((g.health, check))) for k, g in lattice.groups.items()}


def route_tags_lost(lattice: Lattice, random: Random) -> None:
    lost = {Tag.ROUTE_NAME, Tag.ROUTE_NAMESPACE, Tag.ROUTE_TYPE}
    lattice.services = {
        k: replace(s, tags=Tags({key: value for key, value in (s.tags or {}).items() if key not in lost}))
        for k, s in lattice.services.items()
    }


DRIFTS: tuple[Change, ...] = (
    priorities_mixed,
    matches_changed,
    actions_changed,
    rules_lost,
    listeners_lost,
    associations_failed,
    services_lost,
    network_lost,
    targets_changed,
    settings_changed,
    route_tags_lost,
)


def as_the_go_controller(lattice: Lattice) -> None:
    """The same account as the Go controller leaves it: random endings, times in names, no memory of tag keys."""

    def forgetful(tags: Tags | None) -> Tags:
        return Tags({key: value for key, value in (tags or {}).items() if key != Tag.TAG_KEYS})

    def renamed(rules: tuple[ObservedRule, ...]) -> tuple[ObservedRule, ...]:
        return tuple(
            replace(rule, name=f"k8s-1700000000-rule-{rule.priority}", tags=forgetful(rule.tags)) for rule in rules
        )

    with_rules(lattice, renamed)
    lattice.groups = {
        k: replace(g, name=f"{g.name[:-10]}{'qwertyuiop'[i % 10] * 10}", tags=forgetful(g.tags))
        for i, (k, g) in enumerate(lattice.groups.items())
    }
    lattice.services = {
        k: replace(
            s,
            tags=forgetful(s.tags),
            associations=tuple(replace(a, tags=forgetful(a.tags)) for a in s.associations or ()),
            listeners=tuple(replace(e, tags=forgetful(e.tags)) for e in s.listeners or ()),
        )
        for k, s in lattice.services.items()
    }
