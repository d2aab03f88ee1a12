"""A whole life: install, serve, survive, delete, uninstall; what is typed is what docs/install.md says.

The tests are steps of one story. Each can be asked for alone, as the fixtures play what comes before it; the last steps
take everything away.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from time import monotonic

import pytest

from lattice_gateway.core.objects.annotations import PREFIX
from lattice_gateway.serve.webhook.decision import GATE, INJECT
from tests.cluster.control_plane import API_SERVER, CONTROLLER_MANAGER, ETCD
from tests.cluster.kube import Object, eventually
from tests.cluster.life.traffic import Request, Traffic, ask, traffic
from tests.cluster.life.world import HOME, Standing, World, as_text
from tests.cluster.manifests import DEPLOY, read_manifests
from tests.cluster.rights import asked, granted, unknown_wishes
from tests.cluster.run.hotel import EXAMPLE, ROUTES, WHOLE, Hotel

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

SHOP = "hotel"
FIRST, SECOND = "inventory-ver1", "inventory-ver2"
WINDOW = 60
"""Answers that show a split."""

HALF, MOST = (0.3, 0.7), (0.8, 0.99)
"""Shares that weights of 50/50 and 90/10 lead to."""

STAND_INS = ("endpoint-slices.yaml",)
"""What the example has for a machine without a cluster: here Kubernetes makes pods and their slices."""


@dataclass(frozen=True, slots=True)
class Installed:
    """``before``: what stood in the cluster when nothing was installed."""

    world: World
    before: frozenset[Standing]


@dataclass(frozen=True, slots=True)
class Serving:
    """The example at work, and traffic through it; ``hosts`` are DNS names by route."""

    world: World
    hotel: Hotel
    traffic: Traffic
    hosts: dict[str, str]

    def share(self) -> float:
        """The part of the first version in the last answers."""
        return self.traffic.split(self.hosts["inventory"], WINDOW)[FIRST] / WINDOW

    def split_arrives(self, shares: tuple[float, float]) -> None:
        """Wait until the first version has a share between these."""
        least, most = shares
        eventually(f"{least} to {most} of the answers are {FIRST}'s", lambda: least <= self.share() <= most, within=30)

    def edits_arrive(self) -> None:
        """The weights are edited there and back, and traffic follows."""
        for weights, shares in (((50, 50), HALF), ((90, 10), MOST)):
            self.hotel.weigh(*weights)
            self.hotel.follows(within=60)
            self.split_arrives(shares)

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """No request fails in the block."""
        began = monotonic()
        yield
        assert self.traffic.failures(began) == []


@pytest.fixture(scope="module")
def installed(world: World) -> Installed:
    """The manifests are applied, and all replicas are ready."""
    before = world.standing()
    world.kubectl("create", "namespace", HOME)
    world.kubectl("apply", "--server-side", "--filename=-", stdin=as_text(world.manifests))
    world.kubectl("rollout", "status", "deployment", f"--namespace={HOME}", "--timeout=50s")
    return Installed(world, before)


@pytest.fixture(scope="module")
def serving(installed: Installed) -> Iterator[Serving]:
    """The launch post: its pods run, both routes answer on all paths."""
    world = installed.world
    hotel = Hotel(world.kube, world.kubectl, SHOP)
    world.kubectl("create", "namespace", SHOP)
    for path in sorted(EXAMPLE.glob("*.yaml")):
        if path.name not in STAND_INS:
            hotel.here("apply", f"--filename={path}")
    hotel.built()
    hosts = {name: host_of(hotel, name) for name in ROUTES}
    paths = [Request(hosts["rates"], "/parking"), Request(hosts["rates"], "/review"), Request(hosts["inventory"], "/")]
    for each in paths:
        eventually(f"{each} is answered", partial(is_answered, world, each), within=40)
    with traffic(world.door, paths) as flowing:
        yield Serving(world, hotel, flowing, hosts)


@pytest.fixture(scope="module")
def deleted(installed: Installed, serving: Serving) -> float:
    """All that people made is deleted, in the order of docs/install.md; the seconds in which the routes went."""
    began = monotonic()
    serving.hotel.here("delete", "httproute", "--all", "--timeout=30s")
    took = monotonic() - began
    serving.hotel.here("delete", "gateway", "--all", "--timeout=30s")
    serving.hotel.kubectl("delete", "gatewayclass/amazon-vpc-lattice", "--timeout=30s")
    serving.hotel.kubectl("delete", "namespace", SHOP, "--timeout=50s")
    return took


@pytest.fixture(scope="module")
def uninstalled(installed: Installed, deleted: float) -> Installed:
    """The manifests are deleted: the CRDs after the rest, then the namespace."""
    world = installed.world
    crds = [each for each in world.manifests if each["kind"] == "CustomResourceDefinition"]
    rest = [each for each in world.manifests if each not in crds]
    for part in (rest, crds):
        world.kubectl("delete", "--filename=-", "--timeout=50s", stdin=as_text(part))
    world.kubectl("delete", "namespace", HOME, "--timeout=50s")
    return installed


def test_what_is_installed_is_ready(installed: Installed) -> None:
    deployment = installed.world.kubectl("get", "deployment", f"--namespace={HOME}", "--output=jsonpath={..status}")

    assert '"readyReplicas":2' in deployment
    assert len(installed.world.ready()) == 2


def test_each_path_is_answered_by_its_own_pods(serving: Serving) -> None:
    asked = {path: Request(serving.hosts["rates"], path) for path in ("/parking", "/review")}

    backends = {path: ask(serving.world.door, each).backend for path, each in asked.items()}

    assert backends == {"/parking": "parking", "/review": "review"}


def test_traffic_follows_the_weights(serving: Serving) -> None:
    with serving.unbroken():
        serving.split_arrives(HALF)
        serving.hotel.weigh(90, 10)
        serving.split_arrives(MOST)

    assert set(serving.traffic.split(serving.hosts["inventory"], WINDOW)) == {FIRST, SECOND}


def test_a_leader_that_is_killed_is_replaced(serving: Serving) -> None:
    leader, before = serving.world.leader(), starts(serving.world)

    with serving.unbroken():
        serving.world.gateways()[leader].kill()
        serving.edits_arrive()

    eventually("it was started again", lambda: len(serving.world.ready()) == 2)
    assert starts(serving.world) == {**before, leader: before[leader] + 1}


def test_a_standby_that_is_killed_is_not_missed(serving: Serving) -> None:
    leader = serving.world.leader()
    (standby,) = serving.world.ready().keys() - {leader}

    with serving.unbroken():
        serving.world.gateways()[standby].kill()
        serving.edits_arrive()

    eventually("it was started again", lambda: len(serving.world.ready()) == 2)
    assert serving.world.leader() == leader


def test_an_api_server_that_is_killed_with_its_etcd_comes_back(serving: Serving) -> None:
    plane, before = serving.world.plane, starts(serving.world)

    with serving.unbroken():
        for part in (API_SERVER, ETCD):
            plane.kill(part)
        for part in (ETCD, API_SERVER):
            plane.start(part)
        serving.edits_arrive()

    assert starts(serving.world) == before


def test_pods_are_replaced_by_pods_with_gates_though_the_controller_manager_is_killed(serving: Serving) -> None:
    kubectl, plane, hotel = serving.hotel.kubectl, serving.world.plane, serving.hotel
    kubectl("label", "namespace", SHOP, f"{INJECT}=enabled")

    with serving.unbroken():
        plane.kill(CONTROLLER_MANAGER)
        hotel.here("rollout", "restart", "deployment/parking")
        plane.start(CONTROLLER_MANAGER)
        hotel.here("rollout", "status", "deployment/parking", "--timeout=50s")
        eventually("the old pods are gone", lambda: len(parking_pods(serving)) == 2)

    assert [gates_of(pod) for pod in parking_pods(serving)] == [[GATE], [GATE]]
    assert [condition_of(pod, GATE) for pod in parking_pods(serving)] == ["True", "True"]


def test_an_aws_that_is_killed_is_found_as_it_was(serving: Serving) -> None:
    """The emulator's Envoy dies with it, so requests fail until it is back."""
    world = serving.world
    eventually("old pods are drained", lambda: world.emulator.counts() == WHOLE)

    world.restart_emulator()
    for each in serving.traffic.requests:
        eventually(f"{each} is answered", partial(is_answered, world, each), within=40)
    with serving.unbroken():
        serving.edits_arrive()

    assert world.emulator.counts() == WHOLE
    assert set(world.emulator.writes()) <= {"UpdateRule"}


def test_the_rights_of_the_chart_were_enough(deleted: float, world: World) -> None:
    calls = list(asked(world.plane))

    assert len(calls) > 100
    assert unknown_wishes(calls, granted(world.manifests)) == []


def test_routes_go_within_thirty_seconds_and_nothing_is_left_in_lattice(deleted: float, world: World) -> None:
    eventually(f"nothing is left in Lattice: {world.emulator.counts()}", lambda: not world.emulator.counts())

    assert deleted < 30


def test_nothing_is_left_in_the_cluster(uninstalled: Installed) -> None:
    world, before = uninstalled.world, uninstalled.before

    eventually(f"nothing is left: {world.standing() - before}", lambda: world.standing() == before)
    assert world.gateways() == {}


def starts(world: World) -> dict[str, int]:
    """How often the containers of the controller were started, by their pods."""
    return {name: placed.starts for name, placed in world.node.of(HOME).items()}


def test_the_plain_manifest_installs_and_takes_everything_along_again(uninstalled: Installed) -> None:
    """deploy/install.yaml, edited where the page says so: the Deployment's environment."""
    world, manifest = uninstalled.world, DEPLOY / "install.yaml"
    edited = read_manifests([manifest])
    (deployment,) = [each for each in edited if each["kind"] == "Deployment"]
    endpoint = {"name": "LATTICE_ENDPOINT", "value": world.emulator.url}
    deployment["spec"]["template"]["spec"]["containers"][0]["env"].append(endpoint)

    world.kubectl("apply", "--server-side", "--filename=-", stdin=as_text(edited))
    world.kubectl("rollout", "status", "deployment", f"--namespace={HOME}", "--timeout=50s")
    led = world.leader() in world.ready()
    world.kubectl("delete", f"--filename={manifest}", "--timeout=50s")

    assert led
    eventually(
        f"nothing is left: {world.standing() - uninstalled.before}", lambda: world.standing() == uninstalled.before
    )


def host_of(hotel: Hotel, route: str) -> str:
    """The name that Lattice gave a route."""
    name: str = hotel.object("httproute", route)["metadata"]["annotations"][f"{PREFIX}lattice-assigned-domain-name"]
    return name


def is_answered(world: World, request: Request) -> bool:
    return ask(world.door, request).status == HTTPStatus.OK


def parking_pods(serving: Serving) -> list[Object]:
    pods = serving.world.kube.list("v1", "Pod", SHOP)
    return [pod for pod in pods if pod["metadata"]["labels"]["app"] == "parking"]


def gates_of(pod: Object) -> list[str]:
    return [each["conditionType"] for each in pod["spec"].get("readinessGates", ())]


def condition_of(pod: Object, kind: str) -> str:
    return next((each["status"] for each in pod["status"]["conditions"] if each["type"] == kind), "")
