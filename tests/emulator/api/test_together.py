"""API and data plane as one process: what the API changes shows in traffic."""

import http.client
import json
import subprocess
import time

import pytest
from aiobotocore.session import get_session

from lattice_emulator.dataplane.binary import Found, find_envoy

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not isinstance(find_envoy(), Found), reason="there is no Envoy for this machine"),
]

VPC = "vpc-0123456789abcdef0"


def fetch(url, method="GET", path="/", **sent):
    """Send one request; gives status and body."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, **sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def status_of(url, host):
    return fetch(url, headers={"Host": host})[0]


def eventually(look, expected):
    """Look until it is as expected, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while (found := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == expected


def admin(url, method, path, document=None):
    body = None if document is None else json.dumps(document).encode()
    status, answer = fetch(url, method, f"/_emulator/{path}", body=body)
    assert status == 200
    return json.loads(answer)


async def build(url):
    """A service that answers 500 by itself, reachable from the client's VPC; gives its id and name."""
    options = {"region_name": "us-west-2", "endpoint_url": url}
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    async with get_session().create_client("vpc-lattice", **options, **keys) as lattice:
        network = (await lattice.create_service_network(name="my-hotel"))["id"]
        service = await lattice.create_service(name="rates")
        joined = {"serviceNetworkIdentifier": network}
        await lattice.create_service_network_vpc_association(**joined, vpcIdentifier=VPC)
        while (await lattice.get_service(serviceIdentifier=service["id"]))["status"] != "ACTIVE":
            pass
        await lattice.create_service_network_service_association(**joined, serviceIdentifier=service["id"])
        await lattice.create_listener(
            serviceIdentifier=service["id"],
            name="http",
            protocol="HTTP",
            defaultAction={"fixedResponse": {"statusCode": 500}},
        )
        return service["id"], service["dnsEntry"]["domainName"]


async def test_traffic_follows_the_api_a_reset_and_a_snapshot(start):
    emulator = start(usual=("--time-scale", "200"))
    door = emulator.process.stdout.readline().removeprefix("front door: ").strip()
    service, host = await build(emulator.url)

    eventually(lambda: status_of(door, host), 500)
    own = admin(emulator.url, "GET", "url")["services"][service]
    eventually(lambda: status_of(f"http://{own['address']}:{own['ports']['80']}", host), 500)
    snapshot = admin(emulator.url, "GET", "snapshot")

    admin(emulator.url, "POST", "reset")
    eventually(lambda: status_of(door, host), 404)

    admin(emulator.url, "PUT", "snapshot", snapshot)
    eventually(lambda: status_of(door, host), 500)
    assert emulator.stop() == 0


def test_a_front_door_that_is_taken_is_a_sentence(start):
    first = start(usual=())
    port = first.process.stdout.readline().strip().rpartition(":")[2]

    second = start("--front-door-port", port, usual=())

    assert second.url == ""
    assert second.process.wait(timeout=20) == 1
    error = second.process.stderr.read()
    assert error.startswith("lattice-emulator: --front-door-port:")
    assert "Traceback" not in error


def test_killing_the_emulator_leaves_no_envoy(start):
    emulator = start(usual=())
    emulator.process.stdout.readline()
    listing = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(emulator.process.pid)], capture_output=True, text=True, check=False
    )
    children = [int(pid) for pid in listing.stdout.split()]

    emulator.process.kill()
    emulator.process.wait()

    assert children
    eventually(lambda: [pid for pid in children if alive(pid)], [])


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
