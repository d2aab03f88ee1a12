from typing import Any

import pytest

from lattice_emulator.world import ServiceError

from .worlds import OTHER, Bench, bench, path_match

MINE = {"owner": "me", "route": "rates"}


def arn(b: Bench, service: str) -> str:
    return str(b.call("GetService", serviceIdentifier=service)["arn"])


def tags(b: Bench, resource: str) -> Any:
    return b.call("ListTagsForResource", resourceArn=resource)["tags"]


def found(b: Bench, **params: Any) -> dict[str, dict[str, str]]:
    listed = b.tagging("GetResources", **params)["ResourceTagMappingList"]
    return {each["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in listed}


def test_tags_of_a_create_are_merged_with_later_ones_and_taken_away_again() -> None:
    b = bench()
    service = arn(b, b.service(tags=MINE))

    b.call("TagResource", resourceArn=service, tags={"owner": "you", "new": ""})
    assert tags(b, service) == {"owner": "you", "route": "rates", "new": ""}
    b.call("UntagResource", resourceArn=service, tagKeys=["owner", "never there"])

    assert tags(b, service) == {"route": "rates", "new": ""}


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"aws:owner": "me"}, id="reserved"),
        pytest.param({"AWS:owner": "me"}, id="reserved in capitals"),
        pytest.param({"a,b": "c"}, id="comma"),
        pytest.param({"a": "x" * 257}, id="long value"),
        pytest.param({f"k{n}": "" for n in range(51)}, id="51 of them"),
    ],
)
def test_bad_tags_are_refused_in_creates_and_by_tag_resource(bad: dict[str, str]) -> None:
    b = bench()
    service = arn(b, b.service())

    assert b.refused("CreateService", name="other", tags=bad).code == "ValidationException"
    assert b.refused("TagResource", resourceArn=service, tags=bad).code == "ValidationException"


def test_reserved_keys_cannot_be_untagged() -> None:
    b = bench()
    service = arn(b, b.service())

    assert b.refused("UntagResource", resourceArn=service, tagKeys=["aws:x"]).code == "ValidationException"


def test_fifty_tags_count_after_the_merge() -> None:
    b = bench()
    service = arn(b, b.service(tags={f"k{n}": "" for n in range(50)}))

    b.call("TagResource", resourceArn=service, tags={"k7": "changed"})
    assert b.refused("TagResource", resourceArn=service, tags={"k50": ""}).code == "ValidationException"


def test_tags_of_what_is_not_there_are_a_404_and_of_a_foreign_network_a_403() -> None:
    b = bench()
    network = b.network(tags=MINE)
    b.world.share(network, frozenset({OTHER.account}))
    shared = b.call("GetServiceNetwork", serviceNetworkIdentifier=network)["arn"]
    gone = shared.replace(network, "sn-00000000000000000")

    assert b.refused("ListTagsForResource", resourceArn=gone).code == "ResourceNotFoundException"
    assert b.refused("ListTagsForResource", by=OTHER, resourceArn=shared).code == "AccessDeniedException"


def test_what_was_never_tagged_is_not_found_and_what_once_was_is() -> None:
    b = bench()
    service, other = arn(b, b.service(tags=MINE)), arn(b, b.service("other"))

    b.call("UntagResource", resourceArn=service, tagKeys=list(MINE))

    assert found(b) == {service: {}}
    assert found(b, ResourceARNList=[other, service]) == {service: {}}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param({}, ["one", "two", "net"], id="all"),
        pytest.param({"TagFilters": [{"Key": "team"}]}, ["one", "two", "net"], id="key with any value"),
        pytest.param({"TagFilters": [{"Key": "team", "Values": ["a", "c"]}]}, ["one", "net"], id="one of the values"),
        pytest.param({"TagFilters": [{"Key": "team", "Values": ["A"]}]}, [], id="case counts"),
        pytest.param(
            {"TagFilters": [{"Key": "team", "Values": ["a", "b"]}, {"Key": "env"}]}, ["two"], id="filters add up"
        ),
        pytest.param({"ResourceTypeFilters": ["vpc-lattice:service"]}, ["one", "two"], id="type"),
        pytest.param({"ResourceTypeFilters": ["vpc-lattice"]}, ["one", "two", "net"], id="service"),
        pytest.param({"ResourceTypeFilters": ["ec2:instance"]}, [], id="another service"),
    ],
)
def test_resources_are_found_by_tags_and_type(asked: dict[str, Any], names: list[str]) -> None:
    b = bench()
    ids = {
        "one": b.service("one", tags={"team": "a"}),
        "two": b.service("two", tags={"team": "b", "env": "x"}),
        "net": b.network("net", tags={"team": "c"}),
    }

    assert [each.rpartition("/")[2] for each in found(b, **asked)] == [ids[name] for name in names]


def test_a_type_filter_finds_its_own_kind_only() -> None:
    b = bench()
    service = b.service(tags=MINE)
    listener = b.listener(service, tags=MINE)
    b.rule(service, listener, 1, tags=MINE, match=path_match("/"))

    for word, tail in (
        ("service", f"service/{service}"),
        ("service/listener", f"service/{service}/listener/{listener}"),
    ):
        assert [each.partition(":service/")[2] for each in found(b, ResourceTypeFilters=[f"vpc-lattice:{word}"])] == [
            tail.removeprefix("service/")
        ]
    assert len(found(b, ResourceTypeFilters=["vpc-lattice"])) == 3


def test_pages_follow_each_other_and_end_with_an_empty_token() -> None:
    b = bench()
    made = [arn(b, b.service(f"service-{n}", tags=MINE)) for n in range(5)]

    seen: list[str] = []
    token = ""
    while True:
        page = b.tagging("GetResources", ResourcesPerPage=2, PaginationToken=token)
        seen += [each["ResourceARN"] for each in page["ResourceTagMappingList"]]
        token = page["PaginationToken"]
        if not token:
            break

    assert seen == made


def test_a_page_token_lives_15_minutes_and_is_bound_to_its_request() -> None:
    b = bench()
    for n in range(2):
        b.service(f"service-{n}", tags=MINE)
    token = b.tagging("GetResources", ResourcesPerPage=1)["PaginationToken"]

    for code, asked in (
        ("InvalidParameterException", {"PaginationToken": token, "TagFilters": [{"Key": "owner"}]}),
        ("InvalidParameterException", {"PaginationToken": "made up"}),
    ):
        with pytest.raises(ServiceError) as caught:
            b.tagging("GetResources", **asked)
        assert caught.value.code == code
    b.wait(901)
    with pytest.raises(ServiceError) as caught:
        b.tagging("GetResources", PaginationToken=token)
    assert caught.value.code == "PaginationTokenExpiredException"


def test_a_list_of_arns_may_not_be_combined() -> None:
    b = bench()
    service = arn(b, b.service(tags=MINE))

    with pytest.raises(ServiceError) as caught:
        b.tagging("GetResources", ResourceARNList=[service], TagFilters=[{"Key": "owner"}])

    assert caught.value.code == "InvalidParameterException"


def test_tag_resources_does_what_it_can_and_names_the_rest() -> None:
    b = bench()
    service = arn(b, b.service())
    gone = service.replace("/svc-", "/svc-0")[: len(service)]

    done = b.tagging("TagResources", ResourceARNList=[gone, service], Tags=MINE)
    assert list(done["FailedResourcesMap"]) == [gone]
    assert tags(b, service) == MINE
    done = b.tagging("UntagResources", ResourceARNList=[gone, service], TagKeys=["owner"])

    assert done["FailedResourcesMap"][gone]["StatusCode"] == 400
    assert tags(b, service) == {"route": "rates"}


def test_the_index_lags_behind_when_the_knob_says_so() -> None:
    b = bench(tag_lag=10)
    service = b.service(tags=MINE)
    b.wait(10)
    name = arn(b, service)

    b.call("TagResource", resourceArn=name, tags={"owner": "you"})
    b.wait(9)
    b.call("TagResource", resourceArn=name, tags={"owner": "them"})
    assert found(b)[name]["owner"] == "me"
    b.wait(1)
    assert found(b)[name]["owner"] == "you"
    b.wait(9)

    assert found(b)[name]["owner"] == "them" == tags(b, name)["owner"]


def test_a_resource_leaves_the_index_when_it_is_gone() -> None:
    b = bench()
    service = b.service(tags=MINE)
    name = arn(b, service)

    b.call("DeleteService", serviceIdentifier=service)
    assert list(found(b)) == [name]
    b.wait()

    assert found(b) == {}
