"""Whole stories told by botocore to the real world, on a clock that moves when told."""

import pytest
import trustme

from lattice_emulator.api.faults import Failure, First, LoseAnswer
from lattice_emulator.api.request import Accounts
from lattice_emulator.world.clock import ManualClock
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.world import World

VPC = "vpc-0123456789abcdef0"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def world(clock):
    return World(knobs=Knobs(), clock=clock)


@pytest.fixture
async def served(serve, world, clock):
    accounts = Accounts("111122223333", {"AKIDOTHER": "444455556666"})
    return await serve(world, accounts=accounts, clock=clock)


@pytest.fixture
async def lattice(served):
    return await served.client("vpc-lattice")


async def test_a_hotel_is_built_changed_and_taken_down_without_leftovers(lattice, world, clock):
    network = (await lattice.create_service_network(name="my-hotel"))["id"]
    vpc = await lattice.create_service_network_vpc_association(serviceNetworkIdentifier=network, vpcIdentifier=VPC)
    service = (await lattice.create_service(name="inventory"))["id"]
    config = {"port": 8090, "protocol": "HTTP", "vpcIdentifier": VPC}
    groups = [
        (await lattice.create_target_group(name=name, type="IP", config=config))["id"] for name in ("ver1", "ver2")
    ]
    clock.advance(60)
    link = await lattice.create_service_network_service_association(
        serviceNetworkIdentifier=network, serviceIdentifier=service
    )
    forward = {"forward": {"targetGroups": [{"targetGroupIdentifier": g, "weight": 50} for g in groups]}}
    for group in groups:
        await lattice.register_targets(targetGroupIdentifier=group, targets=[{"id": "10.0.0.1", "port": 8090}])
    listener = await lattice.create_listener(
        serviceIdentifier=service, name="http", protocol="HTTP", defaultAction={"fixedResponse": {"statusCode": 404}}
    )
    parents = {"serviceIdentifier": service, "listenerIdentifier": listener["id"]}
    match = {"httpMatch": {"pathMatch": {"match": {"prefix": "/"}}}}
    rule = await lattice.create_rule(**parents, name="split", priority=1, match=match, action=forward)
    clock.advance(60)

    assert (await lattice.get_service(serviceIdentifier=service))["status"] == "ACTIVE"
    changed = await lattice.update_rule(**parents, ruleIdentifier=rule["arn"], priority=7)
    assert changed["priority"] == 7
    used = await lattice.get_target_group(targetGroupIdentifier=groups[0])
    assert used["serviceArns"] == [f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{service}"]
    with pytest.raises(lattice.exceptions.ConflictException):
        await lattice.delete_service(serviceIdentifier=service)

    await lattice.delete_service_network_service_association(
        serviceNetworkServiceAssociationIdentifier=link["id"],
    )
    clock.advance(60)
    await lattice.delete_listener(**parents)
    await lattice.delete_service(serviceIdentifier=service)
    for group in groups:
        await lattice.deregister_targets(targetGroupIdentifier=group, targets=[{"id": "10.0.0.1", "port": 8090}])
    await lattice.delete_service_network_vpc_association(serviceNetworkVpcAssociationIdentifier=vpc["id"])
    clock.advance(120)
    for group in groups:
        await lattice.delete_target_group(targetGroupIdentifier=group)
    await lattice.delete_service_network(serviceNetworkIdentifier=network)
    clock.advance(60)
    world.advance()
    assert set(world.counts().values()) == {0}


async def test_pages_follow_one_another_to_the_end(lattice):
    names = [f"service-{number}" for number in range(7)]
    for name in names:
        await lattice.create_service(name=name)

    pages = [page async for page in lattice.get_paginator("list_services").paginate(PaginationConfig={"PageSize": 3})]

    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert [item["name"] for page in pages for item in page["items"]] == names
    with pytest.raises(lattice.exceptions.ValidationException):
        await lattice.list_services(nextToken="never-issued")


async def test_a_create_that_is_repeated_with_its_token_is_done_once(lattice, world):
    first = await lattice.create_service(name="rates", clientToken="once")
    again = await lattice.create_service(name="rates", clientToken="once")

    assert again["id"] == first["id"]
    assert world.counts()["SERVICE"] == 1
    with pytest.raises(lattice.exceptions.ConflictException):
        await lattice.create_service(name="other", clientToken="once")


async def test_a_lost_answer_is_repeated_by_the_sdk_and_done_once(served, world):
    served.endpoint.faults.add(Failure("CreateService", LoseAnswer(), First(1)))
    lattice = await served.client("vpc-lattice", retries={"total_max_attempts": 3, "mode": "standard"})

    answer = await lattice.create_service(name="rates")

    assert answer["name"] == "rates"
    assert world.counts()["SERVICE"] == 1
    assert [call.status for call in served.endpoint.log.calls()] == [0, 201]


async def test_tags_are_one_store_for_two_apis(served, lattice):
    tagging = await served.client("resourcegroupstaggingapi")
    arns = [(await lattice.create_service(name=name, tags={"team": name}))["arn"] for name in ("red", "blue")]

    await tagging.tag_resources(ResourceARNList=arns, Tags={"hotel": "yes"})
    await lattice.untag_resource(resourceArn=arns[0], tagKeys=["team"])
    paginator = tagging.get_paginator("get_resources")
    filters = [{"Key": "hotel", "Values": ["yes"]}]
    pages = [page async for page in paginator.paginate(TagFilters=filters, ResourcesPerPage=1)]

    found = [(each["ResourceARN"], each["Tags"]) for page in pages for each in page["ResourceTagMappingList"]]
    assert found == [
        (arns[0], [{"Key": "hotel", "Value": "yes"}]),
        (arns[1], [{"Key": "team", "Value": "blue"}, {"Key": "hotel", "Value": "yes"}]),
    ]


async def test_accounts_and_regions_are_worlds_of_their_own(served, lattice):
    await lattice.create_service(name="rates")
    other = await served.client("vpc-lattice", key="AKIDOTHER")
    sts = await served.client("sts", key="AKIDOTHER")

    assert (await other.list_services())["items"] == []
    assert (await sts.get_caller_identity())["Account"] == "444455556666"


async def test_a_certificate_that_is_imported_can_be_listed_and_described(served):
    acm = await served.client("acm")
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("hotel.example.com", key_type=trustme.KeyType.RSA)
    chain = issued.cert_chain_pems[0].bytes()

    arn = (await acm.import_certificate(Certificate=chain, PrivateKey=issued.private_key_pem.bytes()))["CertificateArn"]
    listed = (await acm.list_certificates())["CertificateSummaryList"]
    described = (await acm.describe_certificate(CertificateArn=arn))["Certificate"]

    assert [each["CertificateArn"] for each in listed] == [arn]
    assert described["SubjectAlternativeNames"] == ["hotel.example.com"]
    assert described["Type"] == "IMPORTED"


async def test_an_eleventh_rule_meets_its_quota(lattice, clock):
    service = (await lattice.create_service(name="rates"))["id"]
    clock.advance(60)
    fixed = {"fixedResponse": {"statusCode": 404}}
    listener = await lattice.create_listener(
        serviceIdentifier=service, name="http", protocol="HTTP", defaultAction=fixed
    )

    async def rule(number):
        match = {"httpMatch": {"pathMatch": {"match": {"exact": f"/{number}"}}}}
        parents = {"serviceIdentifier": service, "listenerIdentifier": listener["id"]}
        await lattice.create_rule(**parents, name=f"rule{number}", priority=number, match=match, action=fixed)

    for number in range(1, 11):
        await rule(number)
    with pytest.raises(lattice.exceptions.ServiceQuotaExceededException) as caught:
        await rule(11)

    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert (answer["quotaCode"], answer["serviceCode"]) == ("L-CF78395E", "vpc-lattice")
