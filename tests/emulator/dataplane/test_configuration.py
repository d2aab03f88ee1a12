"""The order in which one configuration becomes another."""

from hypothesis import given
from hypothesis import strategies as st

from lattice_emulator.dataplane.configuration import (
    Configuration,
    DropClusters,
    DropRoutes,
    Named,
    PutClusters,
    PutListeners,
    PutRoutes,
    StageRoutes,
    Step,
    steps,
)


def configuration(routes: dict[str, tuple[str, ...]], listeners: dict[str, str], edition: int = 0) -> Configuration:
    """Routes by name with the clusters they name, listeners with their routes."""
    clusters = {name for named in routes.values() for name in named}
    return Configuration(
        clusters={name: {"edition": edition} for name in sorted(clusters)},
        routes={name: {"clusters": named} for name, named in routes.items()},
        listeners={name: {"routes": named} for name, named in listeners.items()},
        subscriptions=listeners,
    )


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    clusters = st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(tuple)
    routes = draw(st.dictionaries(st.sampled_from(["port-80", "port-81", "door"]), clusters))
    names = st.sampled_from(sorted(routes)) if routes else st.nothing()
    listeners = draw(st.dictionaries(st.sampled_from("xyz"), names))
    return configuration(routes, listeners, draw(st.integers(0, 1)))


class Envoy:
    """What the files say after each step; complains where a real one would fail requests or break."""

    def __init__(self, live: Configuration) -> None:
        self.clusters: Named = live.clusters
        self.routes = dict(live.routes)
        self.listeners: Named = live.listeners

    def take(self, step: Step) -> None:
        match step:
            case PutClusters(clusters) | DropClusters(clusters):
                self.clusters = clusters
            case PutRoutes(name, routes):
                assert name in self.subscribed(), "waits for routes that nobody reads"
                self.routes[name] = routes
            case StageRoutes(name, routes):
                assert name not in self.subscribed(), "does not wait for routes in use"
                self.routes[name] = routes
            case PutListeners(listeners):
                self.listeners = listeners
            case DropRoutes(name):
                del self.routes[name]
        assert self.subscribed() <= self.routes.keys(), "a listener without routes"
        named = {cluster for routes in self.routes.values() for cluster in routes["clusters"]}  # type: ignore[attr-defined]
        assert named <= self.clusters.keys(), "a route without its cluster"

    def subscribed(self) -> set[str]:
        return {str(listener["routes"]) for listener in self.listeners.values()}


@given(live=configurations(), wanted=configurations())
def test_a_change_never_names_what_is_not_there_and_ends_as_wanted(live: Configuration, wanted: Configuration) -> None:
    envoy = Envoy(live)

    for step in steps(live, wanted):
        envoy.take(step)

    assert (envoy.clusters, envoy.routes, envoy.listeners) == (wanted.clusters, wanted.routes, wanted.listeners)


@given(live=configurations())
def test_nothing_is_written_when_nothing_changed(live: Configuration) -> None:
    assert steps(live, live) == ()


def test_changed_weights_write_one_file() -> None:
    live = configuration({"port-80": ("a", "b")}, {"x": "port-80"})
    wanted = configuration({"port-80": ("b", "a")}, {"x": "port-80"})

    assert steps(live, wanted) == (PutRoutes("port-80", wanted.routes["port-80"]),)


def test_a_replaced_group_goes_last() -> None:
    live = configuration({"port-80": ("a",)}, {"x": "port-80"})
    wanted = configuration({"port-80": ("b",)}, {"x": "port-80"})

    assert steps(live, wanted) == (
        PutClusters({"a": {"edition": 0}, "b": {"edition": 0}}),
        PutRoutes("port-80", wanted.routes["port-80"]),
        DropClusters({"b": {"edition": 0}}),
    )
