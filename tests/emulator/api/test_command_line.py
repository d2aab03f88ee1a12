"""`lattice-emulator` as a user runs it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lattice_emulator.dataplane.plane import SERVICE_ADDRESSES

process = pytest.mark.process


def command(*arguments, **environment):
    """Run ``lattice-emulator ARGUMENTS`` to its end."""
    return subprocess.run(
        [sys.executable, "-c", "from lattice_emulator.cli import main; main()", *arguments],
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def answer(finished):
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_url_first_and_stops_when_told(start, number):
    emulator = start()

    code = emulator.stop(number)

    assert emulator.url.startswith("http://127.0.0.1:")
    assert code == 0
    assert emulator.process.stderr.read() == ""


@process
def test_the_data_plane_tells_its_front_door_and_leaves_no_process(start):
    emulator = start(usual=())

    door = emulator.process.stdout.readline()
    children = Path(f"/proc/{emulator.process.pid}/task/{emulator.process.pid}/children")
    before = children.read_text().split() if children.exists() else []
    code = emulator.stop()

    assert door.startswith(("front door: http://127.0.0.1:", "There is no Envoy"))
    assert code == 0
    assert [pid for pid in before if Path(f"/proc/{pid}").exists()] == []


@process
def test_faults_calls_counts_and_reset_work_on_a_running_one(start):
    url = start().url

    plan = answer(command("faults", "--url", url, "--set", "latency: {GetService: 0.5}"))
    more = answer(command("faults", "--url", url, "--add", "{operation: CreateService, effect: lose-answer, count: 1}"))
    cleared = answer(command("faults", "--clear", LATTICE_EMULATOR_URL=url))
    calls = answer(command("calls", "--url", url))
    counts = answer(command("counts", "--url", url))
    emptied = answer(command("reset", "--url", url))
    where = answer(command("url", "--url", url))

    assert plan["latency"] == {"GetService": 0.5}
    assert more["failures"] == [{"operation": "CreateService", "effect": "lose-answer", "count": 1}]
    assert (cleared["latency"], cleared["failures"]) == ({}, [])
    assert calls == {"counters": {}, "errors": {}, "calls": []}
    assert set(counts.values()) == {0}
    assert emptied == counts
    assert where == {"url": url, "front_door": None, "services": {}}


@process
def test_a_state_file_outlives_the_process(start, tmp_path):
    state = tmp_path / "state.json"
    first = start("--state", str(state))
    snapshot = answer(command("snapshot", "--url", first.url))
    assert first.stop() == 0

    second = start("--state", str(state))

    assert answer(command("snapshot", "--url", second.url))["world"] == snapshot["world"]
    assert answer(command("snapshot", "--url", second.url, "--load", str(state))) is not None
    assert list(tmp_path.iterdir()) == [state]


@process
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["serve", "--prot", "1"], "--prot", id="unknown option"),
        pytest.param(["serve", "--port", "70000"], "--port", id="port out of range"),
        pytest.param(["serve", "--time-scale", "0"], "--time-scale: found 0.0, expected a number above 0", id="scale"),
        pytest.param(["serve", "--client-vpc", "mine"], "--client-vpc: found 'mine', expected", id="vpc"),
        pytest.param(["serve", "--config", "/nowhere.yaml"], "/nowhere.yaml: cannot be read", id="no settings"),
        pytest.param(["serve", "--state", "/nowhere/s.json"], "--state: /nowhere/s.json cannot be written", id="state"),
        pytest.param(["serve", "--map-targets", "10.0.0.0/8"], "--map-targets", id="mapping"),
        pytest.param(["serve", "--service-addresses", "10.0.0.0/8"], "within 127.0.0.0/8", id="addresses"),
        pytest.param(["serve", "--host", "203.0.113.1"], "203.0.113.1:0 cannot be listened on", id="host"),
        pytest.param(["counts"], "--url", id="no url"),
        pytest.param(["counts", "--url", "nonsense"], "--url: found 'nonsense'", id="no url at all"),
        pytest.param(["counts", "--url", "http://127.0.0.1:1"], "no emulator answers at http://127.0.0.1:1", id="down"),
        pytest.param(["faults", "--url", "http://x", "--clear", "--add", "{}"], "at most one of them", id="both"),
        pytest.param(["fly"], "fly", id="unknown command"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_1(arguments, words):
    finished = command(*arguments)

    assert finished.returncode == 1
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
    assert finished.stderr.count("\n") == 1


@process
def test_a_fault_that_makes_no_sense_is_refused_by_name(emulator):
    finished = command("faults", "--url", emulator.url, "--add", "{operation: CreateServices, code: X}")

    assert finished.returncode == 1
    assert "operation: found 'CreateServices', expected the name of an operation" in finished.stderr


def test_help_tells_the_network_that_services_are_really_in():
    finished = command("serve", "--help", COLUMNS="200")

    assert str(SERVICE_ADDRESSES) in finished.stdout


def test_help_names_every_command():
    finished = command("--help")

    assert finished.returncode == 0
    assert all(name in finished.stdout for name in ("serve", "faults", "calls", "snapshot", "reset", "counts", "url"))
