"""Each protocol as botocore speaks it, against a world made of a table."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from lattice_emulator.api.request import Accounts
from lattice_emulator.world.errors import ServiceError
from lattice_emulator.world.model import Caller

SERVICE = "svc-0123456789abcdef0"
ARN = f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{SERVICE}"
LISTENER = "listener-0123456789abcdef0"
ME = Caller("111122223333", "us-west-2")


async def test_a_create_reaches_the_world_and_its_answer_comes_back(serve, table_world):
    world = table_world({"CreateService": {"id": SERVICE, "arn": ARN, "name": "rates", "certificateArn": None}})
    lattice = await (await serve(world)).client("vpc-lattice")

    answer = await lattice.create_service(name="rates", clientToken="t", tags={"a": "b"})

    assert world.asked == [
        ("vpc-lattice", "CreateService", {"clientToken": "t", "name": "rates", "tags": {"a": "b"}}, ME)
    ]
    assert (answer["id"], answer["name"]) == (SERVICE, "rates")
    assert "certificateArn" not in answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


async def test_arns_nest_in_a_path(serve, table_world):
    world = table_world()
    lattice = await (await serve(world)).client("vpc-lattice")

    await lattice.get_listener(serviceIdentifier=ARN, listenerIdentifier=f"{ARN}/listener/{LISTENER}")

    assert world.asked[0][2] == {
        "serviceIdentifier": ARN,
        "listenerIdentifier": f"{ARN}/listener/{LISTENER}",
    }


async def test_times_have_milliseconds_and_a_z(serve, table_world):
    created = datetime(2023, 5, 5, 21, 35, 29, 339_999, tzinfo=UTC)
    world = table_world({"GetService": {"id": SERVICE, "createdAt": created}})
    served = await serve(world)
    lattice = await served.client("vpc-lattice")

    answer = await lattice.get_service(serviceIdentifier=SERVICE)

    assert answer["createdAt"] == created.replace(microsecond=339_000)


async def test_a_deletion_without_answer_is_204_and_empty(serve, table_world):
    lattice = await (await serve(table_world())).client("vpc-lattice")

    answer = await lattice.delete_listener(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER)

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


async def test_lists_in_the_query_are_repeated_keys(serve, table_world):
    world = table_world()
    lattice = await (await serve(world)).client("vpc-lattice")

    await lattice.untag_resource(resourceArn=ARN, tagKeys=["a b", "c&d"])

    assert world.asked[0][2] == {"resourceArn": ARN, "tagKeys": ["a b", "c&d"]}


async def test_paging_members_travel_in_the_query_of_a_post(serve, table_world):
    world = table_world({"ListTargets": {"items": [], "nextToken": "more"}})
    lattice = await (await serve(world)).client("vpc-lattice")

    answer = await lattice.list_targets(
        targetGroupIdentifier="tg-0123456789abcdef0", maxResults=7, nextToken="a/b+c=", targets=[{"id": "10.0.0.1"}]
    )

    assert world.asked[0][2] == {
        "targetGroupIdentifier": "tg-0123456789abcdef0",
        "maxResults": 7,
        "nextToken": "a/b+c=",
        "targets": [{"id": "10.0.0.1"}],
    }
    assert (answer["items"], answer["nextToken"]) == ([], "more")


async def test_the_caller_is_the_owner_of_the_key(serve, table_world):
    world = table_world()
    served = await serve(world, accounts=Accounts("111122223333", {"AKIDOTHER": "444455556666"}))

    await (await served.client("vpc-lattice", key="AKIDOTHER")).list_services()
    await (await served.client("vpc-lattice", key="AKIDUNKNOWN")).list_services()

    assert [asked[3].account for asked in world.asked] == ["444455556666", "111122223333"]


async def test_an_error_carries_its_modelled_members(serve, table_world):
    members = {"resourceId": SERVICE, "resourceType": "SERVICE"}
    error = ServiceError("ConflictException", "in use", 409, members)
    lattice = await (await serve(table_world({"DeleteService": error}))).client("vpc-lattice")

    with pytest.raises(lattice.exceptions.ConflictException) as caught:
        await lattice.delete_service(serviceIdentifier=SERVICE)

    answer = caught.value.response
    assert answer["Error"] == {"Message": "in use", "Code": "ConflictException"}
    assert (answer["resourceId"], answer["resourceType"]) == (SERVICE, "SERVICE")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        pytest.param({"name": "Rates"}, "name", "must match", id="pattern"),
        pytest.param({"name": "r" * 41}, "name", "3 to 40 characters, found 41", id="too long"),
        pytest.param({"name": "rates", "authType": "SOME"}, "authType", "one of NONE, AWS_IAM", id="enum"),
        pytest.param(
            {"name": "rates", "idleTimeoutSeconds": 601}, "idleTimeoutSeconds", "60 to 600, found 601", id="maximum"
        ),
        pytest.param({"name": "rates", "tags": {"": "x"}}, "tags key", "1 to 128 characters", id="map key"),
    ],
)
async def test_what_breaks_the_model_is_named(serve, table_world, params, field, words):
    world = table_world()
    lattice = await (await serve(world)).client("vpc-lattice", parameter_validation=False)

    with pytest.raises(lattice.exceptions.ValidationException) as caught:
        await lattice.create_service(**params)

    answer = caught.value.response
    assert answer["reason"] == "fieldValidationFailed"
    assert [each["name"] for each in answer["fieldList"]] == [field]
    assert words in answer["fieldList"][0]["message"]
    assert world.asked == []


async def test_the_tagging_api_speaks_json(serve, table_world):
    mapping = {"ResourceARN": ARN, "Tags": [{"Key": "a", "Value": "b"}]}
    world = table_world({"GetResources": {"ResourceTagMappingList": [mapping], "PaginationToken": ""}})
    tagging = await (await serve(world)).client("resourcegroupstaggingapi")

    answer = await tagging.get_resources(ResourceTypeFilters=["vpc-lattice:service"])

    assert world.asked == [("tagging", "GetResources", {"ResourceTypeFilters": ["vpc-lattice:service"]}, ME)]
    assert answer["ResourceTagMappingList"] == [mapping]


async def test_the_tagging_api_has_errors_of_its_own(serve, table_world):
    tagging = await (await serve(table_world())).client("resourcegroupstaggingapi")

    with pytest.raises(tagging.exceptions.InvalidParameterException, match="ResourceARNList"):
        await tagging.get_resources(ResourceARNList=[ARN] * 101)


async def test_sts_answers_in_xml(serve, table_world):
    result = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:root", "UserId": "AIDA"}
    sts = await (await serve(table_world({"GetCallerIdentity": result}))).client("sts")

    answer = await sts.get_caller_identity()

    assert {key: answer[key] for key in result} == result


async def test_sts_refuses_in_xml(serve, table_world):
    sts = await (await serve(table_world())).client("sts")

    with pytest.raises(ClientError, match="does not carry out") as caught:
        await sts.assume_role(RoleArn="arn:aws:iam::111122223333:role/x", RoleSessionName="session")

    assert caught.value.response["Error"]["Code"] == "InvalidAction"


async def test_acm_times_are_numbers_and_bytes_base64(serve, table_world):
    issued = datetime(2024, 1, 1, tzinfo=UTC)
    arn = "arn:aws:acm:us-west-2:111122223333:certificate/0"
    world = table_world(
        {
            "ImportCertificate": {"CertificateArn": arn},
            "DescribeCertificate": {"Certificate": {"CertificateArn": arn, "ImportedAt": issued}},
        }
    )
    served = await serve(world)
    acm = await served.client("acm")

    await acm.import_certificate(Certificate=b"one", PrivateKey=b"two")
    answer = await acm.describe_certificate(CertificateArn=arn)

    assert world.asked[0][2] == {"Certificate": b"one", "PrivateKey": b"two"}
    assert answer["Certificate"]["ImportedAt"] == issued
    assert served.endpoint.log.calls("ImportCertificate")[0].document()["params"] == {
        "Certificate": "<3 bytes>",
        "PrivateKey": "<3 bytes>",
    }


async def test_an_operation_of_tier_two_is_refused_by_name(serve, table_world):
    lattice = await (await serve(table_world())).client("vpc-lattice")

    with pytest.raises(lattice.exceptions.ValidationException, match="ListResourceGateways") as caught:
        await lattice.list_resource_gateways()

    assert caught.value.response["reason"] == "unknownOperation"
