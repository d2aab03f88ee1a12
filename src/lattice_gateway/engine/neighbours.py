"""What a plan is told of the other units: ids, statuses, who still needs whom. All from memory, without a call."""

from dataclasses import replace

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import Fixed, ObservedGroup, ObservedService
from lattice_gateway.core.lattice.operations import Known, ListenerKey, New
from lattice_gateway.core.lattice.units import Absent, Desired, Network, Service, TargetGroup
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.core.plan.choosing import choose_group
from lattice_gateway.core.plan.health import group_state
from lattice_gateway.core.plan.networks import network_state
from lattice_gateway.core.plan.plan import GroupState, Join, NetworkState, Surroundings
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.ports import Clock
from lattice_gateway.engine.shared import Listings
from lattice_gateway.engine.wishes import Wishes, groups_needed, service_of
from lattice_gateway.settings import Settings


class Neighbours:
    """Looks around a unit."""

    def __init__(self, settings: Settings, wishes: Wishes, mirror: Mirror, listings: Listings, clock: Clock) -> None:
        self._settings = settings
        self._wishes = wishes
        self._mirror = mirror
        self._listings = listings
        self._clock = clock
        self._joining: dict[tuple[ServiceKey, GroupKey], float] = {}
        self._changed: dict[ServiceKey | None, float] = {}

    def around(self, key: UnitKey, desired: Desired) -> Surroundings:
        """Everything that a plan of the unit may refer to."""
        common = Surroundings(warm_up_timeout=self._settings.warm_up_timeout)
        match key:
            case ServiceKey():
                return replace(common, groups=self._groups(key, desired), networks=self._networks(desired))
            case GroupKey():
                return replace(
                    common,
                    services=self._service_of(key),
                    taken=self._taken(key),
                    live_dependants=self._users_of_group(key, desired),
                )
            case NetworkKey():
                return replace(common, live_dependants=self._users_of_network(key, desired))

    def service_changed(self, key: ServiceKey) -> None:
        """A service was written to: what it uses and what uses networks is not what it was."""
        self._changed[key] = self._changed[None] = self._clock.now()

    def changed_at(self, key: UnitKey) -> float:
        """When the users of a group or network last changed: its own service, or any service of ours."""
        return self._changed.get(service_of(key) if isinstance(key, GroupKey) else None, 0.0)

    def unread(self, desired: Desired) -> tuple[UnitKey, ...]:
        """Units that a service needs and of which nothing was read yet: no plan is made on the strength of nothing."""
        if not isinstance(desired, Service):
            return ()
        needed: list[UnitKey] = [*groups_needed(desired), *desired.networks]
        return tuple(sorted((key for key in needed if self._mirror.get(key) is None), key=str))

    def resolve(self, new: New) -> Known | None:
        """The id of something that was planned, once it exists."""
        match new.what:
            case GroupKey() as key:
                group = self.chosen(key)
                return Known(group.id, group.arn) if group else None
            case NetworkKey() as key:
                view = self._mirror.network(key)
                found = view.candidates if view else ()
                return Known(found[0].id, found[0].arn) if len(found) == 1 else None
            case ServiceKey() as key:
                service = self._mirror.service(key)
                return Known(service.id, service.arn) if service else None
            case ListenerKey() as key:
                return self._listener(key)

    def choose(self, desired: TargetGroup) -> ObservedGroup | None:
        """Settle which of the candidates is the unit's group."""
        key = desired.key
        candidates = self._mirror.groups(key)
        chosen = choose_group(desired, candidates, self._settings.owner, self.around(key, desired))
        self._mirror.choose(key, chosen.id if chosen else None)
        return chosen

    def chosen(self, key: GroupKey) -> ObservedGroup | None:
        """The group that the unit has chosen."""
        chosen = self._mirror.chosen(key)
        return next((group for group in self._mirror.groups(key) if group.id == chosen), None)

    def joins(self, service: ServiceKey, joins: tuple[Join, ...]) -> None:
        """Remember since when groups are in the live forwards of a service and wait for their weight."""
        present = {(service, join.group) for join in joins if self._is_inside(service, join.group)}
        for pair in [pair for pair in self._joining if pair[0] == service and pair not in present]:
            del self._joining[pair]
        for pair in present:
            self._joining.setdefault(pair, self._clock.now())

    def _is_inside(self, service: ServiceKey, key: GroupKey) -> bool:
        observed, group = self._mirror.service(service), self.chosen(key)
        return observed is not None and group is not None and group.id in _forwarded_to(observed)

    def _groups(self, key: ServiceKey, desired: Desired) -> dict[GroupKey, GroupState]:
        keys = self._mirror.groups_of(key.name)
        if isinstance(desired, Service):
            keys |= groups_needed(desired)
        return {group: self._group_state(key, group) for group in keys}

    def _group_state(self, service: ServiceKey, key: GroupKey) -> GroupState:
        group = self.chosen(key)
        if group is None:
            return GroupState(ref=New(key), status=None)
        since = self._joining.get((service, key))
        return group_state(group, 0.0 if since is None else self._clock.now() - since)

    def _networks(self, desired: Desired) -> dict[UnitKey, NetworkState]:
        keys = desired.networks | desired.held_networks if isinstance(desired, Service) else frozenset[NetworkKey]()
        return {key: self._network_state(key) for key in keys}

    def _network_state(self, key: NetworkKey) -> NetworkState:
        desired, view = self._wishes.get(key), self._mirror.network(key)
        if view is None:
            return NetworkState(ref=None, problem=f"{key} was not read yet")
        if not isinstance(desired, Network):
            desired = Network(key=key, gateway="", create=False, vpc=self._settings.owner.vpc, tags=Tags())
        return network_state(desired, view)

    def _service_of(self, key: GroupKey) -> dict[ServiceKey, Arn]:
        """The ARN of the service that a group is for, where that service is there."""
        service = service_of(key)
        if service is None:
            return {}
        listed = self._listings.services.last
        found = self._mirror.service(service) or (listed.items.get(service.name) if listed else None)
        return {service: found.arn} if found else {}

    def _taken(self, key: GroupKey) -> frozenset[str]:
        return frozenset(
            group.id for group in self._mirror.groups(key) if self._mirror.chosen_by(group.id) not in {None, key}
        )

    def _users_of_group(self, key: GroupKey, desired: Desired) -> frozenset[UnitKey]:
        if not isinstance(desired, Absent):
            return frozenset()
        users = set(self._wishes.users(key))
        service = service_of(key)
        observed = self._mirror.service(service) if service else None
        ids = {group.id for group in self._mirror.groups(key)}
        if service and (self._is_unread(service) or (observed and ids & _forwarded_to(observed))):
            users.add(service)
        return frozenset(users)

    def _users_of_network(self, key: NetworkKey, desired: Desired) -> frozenset[UnitKey]:
        if not isinstance(desired, Absent):
            return frozenset()
        view = self._mirror.network(key)
        ids = {network.id for network in view.candidates} if view else set()
        users = set(self._wishes.users(key))
        users.update(service for service, observed in self._mirror.services() if ids & _associated_with(observed))
        users.update(service for service in self._wishes.services() if self._is_unread(service))
        return frozenset(users)

    def _is_unread(self, service: ServiceKey) -> bool:
        """Whether a service is ours to care for and nothing of it was read: it may use anything."""
        return self._wishes.get(service) is not None and self._mirror.get(service) is None

    def _listener(self, key: ListenerKey) -> Known | None:
        service = self._mirror.service(key.service)
        listeners = service.listeners or () if service else ()
        found = (each for each in listeners if (each.port, each.protocol) == (key.port, key.protocol))
        return next((Known(each.id, each.arn) for each in found), None)


def _forwarded_to(service: ObservedService) -> frozenset[str]:
    """Ids of the groups that a service's listeners and rules use, as far as they were read."""
    listeners = service.listeners or ()
    actions = [listener.default_action for listener in listeners]
    actions += [rule.action for listener in listeners for rule in listener.rules or ()]
    forwards = [action for action in actions if action is not None and not isinstance(action, Fixed)]
    return frozenset(group for action in forwards for group, _ in action.shares)


def _associated_with(service: ObservedService) -> frozenset[str]:
    """Ids of the networks that a service is associated with in any status."""
    return frozenset(association.network_id for association in service.associations or ())
