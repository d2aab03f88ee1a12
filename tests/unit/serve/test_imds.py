"""Who we are, from a metadata service and an EC2 API on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from lattice_gateway.adapters.imds.identity import LIMIT, Found, Part, ask, lacking
from lattice_gateway.adapters.imds.instance import ask_instance
from lattice_gateway.adapters.imds.metadata import PATIENCE, TRIES, Metadata, Unanswered
from lattice_gateway.adapters.imds.tags import Ec2Tags
from lattice_gateway.serve.web import Address, listening

MAC = "0e:49:61:0f:c3:11"
DOCUMENT = "dynamic/instance-identity/document"
INFO = "meta-data/identity-credentials/ec2/info"
REGION = "meta-data/placement/region"
PAGES = {
    REGION: "us-west-2",
    "meta-data/mac": MAC + "\n",
    f"meta-data/network/interfaces/macs/{MAC}/vpc-id": "vpc-0a",
    INFO: '{"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "AccountId": "111122223333"}',
    DOCUMENT: '{"accountId": "111122223333", "instanceId": "i-1", "region": "us-west-2", "pendingTime": "x"}',
}
EVERYTHING = {Part.REGION: "us-west-2", Part.ACCOUNT: "111122223333", Part.CLUSTER: "prod", Part.VPC: "vpc-0a"}


class Instance:
    """The metadata service of an instance."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.speaks = asyncio.Event()
        self.speaks.set()
        self.asked: list[str] = []

    async def token(self, request: web.Request) -> web.Response:
        assert request.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "300"
        self.asked.append("token")
        await self.speaks.wait()
        return web.Response(text="t-1")

    async def page(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.asked.append(path)
        if request.headers.get("X-aws-ec2-metadata-token") != "t-1":
            return web.Response(status=401)
        text = self.pages.get(path)
        return web.Response(text=text) if text is not None else web.Response(status=404)


class Tags:
    """Tags of instances in memory."""

    def __init__(self, name: str | None = "prod") -> None:
        self.name = name

    async def tag(self, instance: str, key: str, region: str) -> str | None:
        assert (instance, key, region) == ("i-1", "aws:eks:cluster-name", "us-west-2")
        return self.name


@asynccontextmanager
async def metadata_of(instance: Instance, patience: float = PATIENCE) -> AsyncIterator[Metadata]:
    application = web.Application()
    application.router.add_put("/latest/api/token", instance.token)
    application.router.add_get("/latest/{path:.+}", instance.page)
    async with (
        listening(application, Address("127.0.0.1", 0), None) as port,
        ClientSession() as session,
    ):
        yield Metadata(session, f"http://127.0.0.1:{port}/", patience)
        instance.speaks.set()


async def asked(pages: dict[str, str], tags: Tags | None = None) -> Found:
    async with metadata_of(Instance(pages)) as metadata:
        return await ask(tuple(Part), metadata, tags or Tags())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, tuple(Part), id="nothing"),
        pytest.param({"REGION": "us-west-2"}, (Part.ACCOUNT, Part.CLUSTER, Part.VPC), id="the Go controller's name"),
        pytest.param({"AWS_DEFAULT_REGION": "x"}, (Part.ACCOUNT, Part.CLUSTER, Part.VPC), id="the SDK's name"),
        pytest.param({"AWS_REGION": "", "CLUSTER_NAME": "c"}, (Part.REGION, Part.ACCOUNT, Part.VPC), id="empty"),
        pytest.param({str(part): "x" for part in Part}, (), id="everything"),
    ],
)
def test_only_what_is_not_set_is_lacking(values: dict[str, str], expected: tuple[Part, ...]) -> None:
    assert lacking(values) == expected


async def test_an_instance_of_a_cluster_knows_everything() -> None:
    assert await asked(PAGES) == Found(EVERYTHING, {})


async def test_only_what_is_wanted_is_asked_for_and_the_token_once() -> None:
    instance = Instance(PAGES)
    async with metadata_of(instance) as metadata:
        found = await ask((Part.REGION, Part.VPC), metadata, Tags())

    assert found.values == {Part.REGION: "us-west-2", Part.VPC: "vpc-0a"}
    assert sorted(instance.asked) == [
        "meta-data/mac",
        f"meta-data/network/interfaces/macs/{MAC}/vpc-id",
        REGION,
        "token",
    ]


async def test_nothing_wanted_is_nothing_asked() -> None:
    instance = Instance(PAGES)
    async with metadata_of(instance) as metadata:
        found = await ask((), metadata, Tags())

    assert (found, instance.asked) == (Found(), [])


@pytest.mark.parametrize(
    ("pages", "tags", "part", "why"),
    [
        pytest.param(
            {**PAGES, REGION: " "}, Tags(), Part.REGION, f"EC2 metadata has nothing at {REGION}", id="an empty page"
        ),
        pytest.param(
            {path: text for path, text in PAGES.items() if path != "meta-data/mac"},
            Tags(),
            Part.VPC,
            "EC2 metadata answers 404 at /latest/meta-data/mac",
            id="no page",
        ),
        pytest.param({**PAGES, INFO: "{}"}, Tags(), Part.ACCOUNT, "something odd at " + INFO, id="an odd document"),
        pytest.param({**PAGES, DOCUMENT: "<xml>"}, Tags(), Part.CLUSTER, "something odd at " + DOCUMENT, id="not JSON"),
        pytest.param(
            PAGES, Tags(None), Part.CLUSTER, "instance i-1 has no tag aws:eks:cluster-name", id="not a node of EKS"
        ),
    ],
)
async def test_what_is_missing_is_named_and_the_rest_is_known(
    pages: dict[str, str], tags: Tags, part: Part, why: str
) -> None:
    found = await asked(pages, tags)

    assert found.values == {other: value for other, value in EVERYTHING.items() if other is not part}
    assert list(found.missing) == [part]
    assert why in found.missing[part]
    assert str(found).startswith(f"{part} is not set: ")


async def test_no_metadata_service_at_all_is_said_at_once() -> None:
    async with ClientSession() as session:
        found = await ask(tuple(Part), Metadata(session, "http://127.0.0.1:1"), Tags())

    assert list(found.missing) == list(Part)
    assert all("cannot be reached" in why for why in found.missing.values())


def test_a_person_waits_no_longer_than_five_seconds() -> None:
    assert PATIENCE * TRIES < LIMIT < 5.0


async def test_a_service_that_is_silent_is_given_up() -> None:
    silent = Instance(PAGES)
    silent.speaks.clear()
    async with metadata_of(silent, patience=0.05) as metadata:
        found = await ask(tuple(Part), metadata, Tags())

    assert list(found.missing) == list(Part)
    assert all("hop limit" in why for why in found.missing.values())
    assert silent.asked == ["token"] * TRIES


async def test_whatever_takes_too_long_is_missing() -> None:
    silent = Instance(PAGES)
    silent.speaks.clear()
    async with metadata_of(silent) as metadata:
        found = await ask((Part.VPC,), metadata, Tags(), limit=0.05)

    assert found.missing == {Part.VPC: "no answer within 0.05 s"}


async def test_a_bug_is_not_taken_for_a_missing_answer() -> None:
    class Broken(Tags):
        async def tag(self, _instance: str, key: str, _region: str) -> str | None:
            raise LookupError(key)

    with pytest.raises(LookupError):
        await asked(PAGES, Broken())


async def test_metadata_that_is_turned_off_is_not_asked() -> None:
    found = await ask_instance({"AWS_EC2_METADATA_DISABLED": "True"}, (Part.VPC,))

    assert found == Found(missing={Part.VPC: "EC2 metadata is turned off by AWS_EC2_METADATA_DISABLED"})


DESCRIBED = """<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><tagSet>{items}</tagSet>
</DescribeTagsResponse>"""
ITEM = "<item><resourceId>i-1</resourceId><key>aws:eks:cluster-name</key><value>prod</value></item>"
REFUSED = """<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not</Message></Error></Errors>
</Response>"""


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")


@asynccontextmanager
async def ec2(answer: Callable[[str], web.Response]) -> AsyncIterator[Ec2Tags]:
    async def page(request: web.Request) -> web.Response:
        return answer(await request.text())

    application = web.Application()
    application.router.add_post("/", page)
    async with listening(application, Address("127.0.0.1", 0), None) as port:
        yield Ec2Tags(f"http://127.0.0.1:{port}")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("items", "expected"), [(ITEM, "prod"), ("", None)], ids=["tagged", "not tagged"])
async def test_the_tag_comes_from_describe_tags(items: str, expected: str | None) -> None:
    bodies = []

    def answer(body: str) -> web.Response:
        bodies.append(body)
        return web.Response(text=DESCRIBED.format(items=items), content_type="text/xml")

    async with ec2(answer) as tags:
        assert await tags.tag("i-1", "aws:eks:cluster-name", "us-west-2") == expected

    assert "Action=DescribeTags" in bodies[0]
    assert "Filter.1.Name=resource-id&Filter.1.Value.1=i-1" in bodies[0]


@pytest.mark.usefixtures("credentials")
async def test_a_role_that_may_not_describe_tags_is_said_to_be_so() -> None:
    async with ec2(lambda _: web.Response(status=403, text=REFUSED, content_type="text/xml")) as tags:
        with pytest.raises(Unanswered, match="ec2:DescribeTags of i-1: UnauthorizedOperation"):
            await tags.tag("i-1", "aws:eks:cluster-name", "us-west-2")


@pytest.mark.usefixtures("credentials")
async def test_an_api_that_cannot_be_reached_is_said_to_be_so() -> None:
    with pytest.raises(Unanswered, match="ec2:DescribeTags of i-1: Could not connect"):
        await Ec2Tags("http://127.0.0.1:1").tag("i-1", "aws:eks:cluster-name", "us-west-2")


@pytest.mark.usefixtures("credentials")
async def test_the_instance_is_asked_at_the_addresses_that_are_set() -> None:
    async def tags(_: web.Request) -> web.Response:
        return web.Response(text=DESCRIBED.format(items=ITEM), content_type="text/xml")

    application = web.Application()
    instance = Instance(PAGES)
    application.router.add_put("/latest/api/token", instance.token)
    application.router.add_get("/latest/{path:.+}", instance.page)
    application.router.add_post("/", tags)
    async with listening(application, Address("127.0.0.1", 0), None) as port:
        url = f"http://127.0.0.1:{port}"
        environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_ENDPOINT_URL_EC2": url}
        found = await ask_instance(environment, tuple(Part))

    assert found == Found(EVERYTHING)
