from typing import Any

import pytest

from .worlds import HTTP, OTHER, bench


def test_a_create_sent_twice_is_done_once_and_answers_with_todays_status() -> None:
    b = bench()
    asked = {"name": "rates", "clientToken": "t-1", "tags": {"a": "b"}}

    first = b.call("CreateService", **asked)
    b.wait()
    again = b.call("CreateService", **asked)

    assert again == first | {"status": "ACTIVE"}
    assert b.world.counts()["SERVICE"] == 1


def test_a_token_used_with_other_parameters_is_refused() -> None:
    b = bench()
    made = b.call("CreateService", name="rates", clientToken="t-1")["id"]

    error = b.refused("CreateService", name="inventory", clientToken="t-1")

    assert (error.code, error.members["resourceId"]) == ("ConflictException", made)


@pytest.mark.parametrize("knob", ["ValidationException", "ConflictException"])
def test_a_knob_says_how_a_reused_token_is_refused(knob: str) -> None:
    b = bench(token_reuse=knob)
    b.call("CreateService", name="rates", clientToken="t-1")

    assert b.refused("CreateService", name="inventory", clientToken="t-1").code == knob


def test_tokens_are_apart_by_account_and_operation() -> None:
    b = bench()
    b.call("CreateService", name="rates", clientToken="t-1")

    assert b.call("CreateService", by=OTHER, name="inventory", clientToken="t-1")["name"] == "inventory"
    assert b.call("CreateServiceNetwork", name="my-hotel", clientToken="t-1")["name"] == "my-hotel"


def test_a_token_is_forgotten_after_a_day_and_with_its_resource() -> None:
    b = bench()
    first = b.call("CreateServiceNetwork", name="one", clientToken="t-1")["id"]
    b.call("DeleteServiceNetwork", serviceNetworkIdentifier=first)
    second = b.call("CreateServiceNetwork", name="one", clientToken="t-1")["id"]
    assert second != first

    b.wait(86_400)
    assert b.refused("CreateServiceNetwork", name="one", clientToken="t-1").message.endswith("already exists.")
    b.call("CreateServiceNetwork", name="two", clientToken="t-2")
    assert len(b.world.dump()["answers"]) == 1


def test_a_refused_create_leaves_its_token_free() -> None:
    b = bench()
    config = {**HTTP}
    b.refused("CreateTargetGroup", name="pods", type="IP", clientToken="t-1")

    assert b.call("CreateTargetGroup", name="pods", type="IP", config=config, clientToken="t-1")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_give_everything_once_in_order_of_creation(size: int) -> None:
    b = bench()
    made = [b.service(f"service-{n}") for n in range(7)]

    seen: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = b.call("ListServices", maxResults=size, **more)
        seen += [each["id"] for each in page["items"]]
        if "nextToken" not in page:
            break
        more = {"nextToken": page["nextToken"]}

    assert seen == made


def test_a_page_goes_on_where_the_last_one_ended_though_things_were_deleted() -> None:
    b = bench(page_size=2)
    made = [b.network(f"network-{n}") for n in range(5)]
    token = b.call("ListServiceNetworks")["nextToken"]

    for each in made[:3]:
        b.call("DeleteServiceNetwork", serviceNetworkIdentifier=each)

    assert [each["id"] for each in b.call("ListServiceNetworks", nextToken=token)["items"]] == made[3:]


@pytest.mark.parametrize("token", ["x", "MS4w", "\u00e9", "=", "OTk5OS4wMDAw"])
def test_a_token_that_was_not_issued_is_refused(token: str) -> None:
    error = bench().refused("ListServices", nextToken=token)

    assert (error.code, error.members["reason"]) == ("ValidationException", "other")


def test_a_token_belongs_to_its_list_and_its_caller() -> None:
    b = bench(page_size=1)
    for n in range(2):
        b.network(f"network-{n}")
    token = b.call("ListServiceNetworks")["nextToken"]

    for operation, by in (("ListServices", None), ("ListServiceNetworks", OTHER)):
        caller = {} if by is None else {"by": by}
        assert b.refused(operation, **caller, nextToken=token).code == "ValidationException"
