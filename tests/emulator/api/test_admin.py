"""The emulation as a whole and its admin API, without a socket."""

import asyncio
import json

import pytest

from lattice_emulator.admin.emulation import Emulation
from lattice_emulator.admin.entries import SettingError
from lattice_emulator.admin.routes import Admin
from lattice_emulator.admin.saving import Saving
from lattice_emulator.admin.settings import Settings
from lattice_emulator.admin.state_file import read_state, write_state
from lattice_emulator.api.faults import FaultPlan, Refuse
from lattice_emulator.api.request import Request
from lattice_emulator.world.model import Caller

ME = Caller("111122223333", "us-west-2")


class Doors:
    front_door = ("127.0.0.1", 8080)

    def addresses(self):
        return {"svc-1": ("127.171.0.1", {80: 10080})}


@pytest.fixture
def emulation():
    return Emulation(Settings(), time_scale=1.0)


@pytest.fixture
def ask(emulation):
    """Send an admin request; gives status and document."""
    admin = Admin(emulation, Doors, lambda: "http://127.0.0.1:1")

    async def send(method, path, document=None):
        body = b"" if document is None else json.dumps(document).encode()
        answer = await admin.answer(Request(method, f"/_emulator/{path}", {}, body))
        return answer.status, json.loads(answer.body)

    return send


def create(emulation, name="rates"):
    return emulation.world.call("vpc-lattice", "CreateService", {"name": name}, ME)


async def test_life_cycles_end_without_any_call():
    emulation = Emulation(Settings(), time_scale=1000.0)
    changes: asyncio.Queue[str] = asyncio.Queue()
    service = create(emulation)["id"]
    emulation.subscribe(lambda: changes.put_nowait(emulation.state.services[service].status))
    living = asyncio.create_task(emulation.live())

    async with asyncio.timeout(5):
        status = await changes.get()

    living.cancel()
    assert status == "ACTIVE"


async def test_a_snapshot_brings_a_world_back(emulation, ask):
    create(emulation)
    _, snapshot = await ask("GET", "snapshot")
    await ask("POST", "reset")

    status, counts = await ask("PUT", "snapshot", snapshot)

    assert (status, counts["SERVICE"]) == (200, 1)
    assert emulation.world.dump() == snapshot["world"]


async def test_a_restored_world_does_not_live_backwards(emulation):
    later = emulation.snapshot() | {"now": emulation.clock.now() + 3600}

    emulation.restore(later)

    assert emulation.clock.now() >= later["now"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "format: found 'list'", id="a list"),
        pytest.param({"format": "other"}, "format: found 'other'", id="another format"),
        pytest.param({"format": "lattice-emulator/1"}, "now, world: expected", id="no world"),
        pytest.param(
            {"format": "lattice-emulator/1", "now": 1, "world": {"a": 1}}, "world: is not the dump", id="dump"
        ),
    ],
)
async def test_what_is_no_snapshot_is_refused_and_changes_nothing(emulation, ask, document, message):
    create(emulation)

    status, answer = await ask("PUT", "snapshot", document)

    assert status == 400
    assert answer["error"].startswith(message)
    assert emulation.world.counts()["SERVICE"] == 1


async def test_reset_empties_the_world_and_the_log_and_restarts_the_configured_faults():
    emulation = Emulation(Settings(faults=FaultPlan(list_lag=3.0)), time_scale=1.0)
    create(emulation)
    await emulation.endpoint.answer(Request("GET", "/services", {}, b""))
    emulation.set_faults(FaultPlan())

    emulation.reset()

    assert emulation.world.counts()["SERVICE"] == 0
    assert emulation.endpoint.log.calls() == ()
    assert emulation.endpoint.faults.plan.list_lag == emulation.world.listing_lag == 3.0


async def test_list_lag_is_a_fault_that_the_world_plays(emulation, ask):
    await ask("PUT", "faults", {"list_lag": 60})
    create(emulation)

    answer = await emulation.endpoint.answer(Request("GET", "/services", {}, b""))

    assert json.loads(answer.body)["items"] == []


async def test_a_failure_can_be_added_to_the_plan(emulation, ask):
    status, plan = await ask("POST", "faults/failures", {"operation": "GetService", "code": "InternalServerException"})

    assert status == 200
    assert plan["failures"] == [{"operation": "GetService", "effect": "refuse", "code": "InternalServerException"}]
    assert emulation.endpoint.faults.decide("GetService", 0.0).effect == Refuse("InternalServerException")


async def test_a_step_can_be_made_to_fail():
    emulation = Emulation(Settings(), time_scale=1_000_000.0)
    admin = Admin(emulation, lambda: None, lambda: "")
    order = {"resource": "rates", "status": "CREATE_FAILED", "code": "Broken", "message": "as asked"}

    await admin.answer(Request("POST", "/_emulator/failed-steps", {}, json.dumps(order).encode()))
    service = create(emulation)["id"]
    async with asyncio.timeout(5):
        while emulation.world.next_due() is not None:
            emulation.world.advance()
            await asyncio.sleep(0)

    found = emulation.world.call("vpc-lattice", "GetService", {"serviceIdentifier": service}, ME)
    assert (found["status"], found["failureCode"], found["failureMessage"]) == ("CREATE_FAILED", "Broken", "as asked")


async def test_a_service_can_be_shared_with_another_account(emulation, ask):
    service = create(emulation)["id"]

    status, _ = await ask("POST", "shares", {"resource": service, "accounts": ["444455556666"]})

    listed = emulation.world.call("vpc-lattice", "ListServices", {}, Caller("444455556666", "us-west-2"))
    assert status == 200
    assert [item["id"] for item in listed["items"]] == [service]


async def test_calls_are_logged_counted_and_filtered(emulation, ask):
    for path in ("/services", "/services/svc-00000000000000000", "/targetgroups"):
        await emulation.endpoint.answer(Request("GET", path, {}, b""))

    _, everything = await ask("GET", "calls")
    _, some = await ask("GET", "calls?operation=GetService&after=1&limit=5")
    _, none = await ask("GET", "calls?limit=0")
    await ask("DELETE", "calls")
    _, cleared = await ask("GET", "calls")

    assert everything["counters"] == {"GetService": 1, "ListServices": 1, "ListTargetGroups": 1}
    assert everything["errors"] == {"GetService": {"ResourceNotFoundException": 1}}
    assert [(c["number"], c["status"], c["code"]) for c in some["calls"]] == [(2, 404, "ResourceNotFoundException")]
    assert some["calls"][0]["params"] == {"serviceIdentifier": "svc-00000000000000000"}
    assert none["calls"] == []
    assert cleared == {"counters": {}, "errors": {}, "calls": []}


async def test_it_says_where_services_are_reached(ask):
    assert await ask("GET", "url") == (
        200,
        {
            "url": "http://127.0.0.1:1",
            "front_door": "http://127.0.0.1:8080",
            "services": {"svc-1": {"address": "127.171.0.1", "ports": {"80": 10080}}},
        },
    )


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "words"),
    [
        pytest.param("GET", "nothing", None, 404, "GET /_emulator/nothing is not known", id="path"),
        pytest.param("POST", "health", None, 404, "POST /_emulator/health", id="method"),
        pytest.param("PUT", "faults", None, 400, "the body is not JSON", id="no body"),
        pytest.param("PUT", "faults", {"x": 1}, 400, "x: found an unknown key", id="key"),
        pytest.param("GET", "calls?after=x", None, 400, "after: found 'x'", id="query"),
        pytest.param("POST", "failed-steps", {"resource": "a"}, 400, "status: found None, expected one of", id="step"),
        pytest.param("POST", "shares", {"resource": "a", "accounts": []}, 400, "share: found 'a'", id="share"),
    ],
)
async def test_a_wrong_admin_request_is_refused_in_a_sentence(ask, method, path, document, status, words):
    found, answer = await ask(method, path, document)

    assert found == status
    assert words in answer["error"]


async def test_health_tells_the_emulated_time(emulation, ask):
    status, health = await ask("GET", "health")

    assert (status, health["status"], health["time_scale"]) == (200, "ok", 1.0)
    assert abs(health["now"] - emulation.clock.now()) < 5


async def test_changes_are_saved_while_it_runs(emulation, tmp_path):
    path = tmp_path / "state.json"
    complaints: list[str] = []
    saving = asyncio.create_task(Saving(emulation, path, complaints.append).run())
    await asyncio.sleep(0)

    create(emulation)
    async with asyncio.timeout(5):
        while not path.exists():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.01)

    saving.cancel()
    assert read_state(path)["world"] == emulation.world.dump()
    assert complaints == []


async def test_a_save_that_was_cancelled_never_overtakes_a_later_one(emulation, tmp_path):
    path = tmp_path / "state.json"
    saving = Saving(emulation, path, print)
    create(emulation, "older")
    first = asyncio.create_task(saving.save())
    await asyncio.sleep(0)
    first.cancel()

    create(emulation, "newer")
    await saving.save()

    assert read_state(path)["world"] == emulation.world.dump()


async def test_a_state_that_cannot_be_saved_is_complained_about(emulation, tmp_path):
    said: asyncio.Queue[str] = asyncio.Queue()
    saving = asyncio.create_task(Saving(emulation, tmp_path / "gone" / "state.json", said.put_nowait).run())
    await asyncio.sleep(0)

    create(emulation)
    async with asyncio.timeout(5):
        complaint = await said.get()

    saving.cancel()
    assert "could not be saved" in complaint
    assert "No such file or directory" in complaint


def test_a_state_file_is_replaced_whole(tmp_path):
    path = tmp_path / "state.json"
    write_state(path, {"format": "lattice-emulator/1", "now": 1.0, "world": {}})

    with pytest.raises(TypeError):
        write_state(path, {"world": object()})

    assert read_state(path)["now"] == 1.0
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_state_is_named(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("{")

    with pytest.raises(SettingError, match=r"state\.json: is not a state file"):
        read_state(path)
