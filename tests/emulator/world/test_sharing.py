from .worlds import HOME, OTHER, VPC, Bench, bench


def shared() -> tuple[Bench, str]:
    """A world where HOME shares a network with OTHER."""
    b = bench()
    network = b.network()
    b.world.share(network, frozenset({OTHER.account}))
    return b, network


def test_a_shared_network_is_listed_and_read_by_id_and_arn_with_its_owners_account() -> None:
    b, network = shared()

    listed = b.call("ListServiceNetworks", by=OTHER)["items"]

    assert [each["id"] for each in listed] == [network]
    assert f":{HOME.account}:" in listed[0]["arn"]
    for identifier in (network, listed[0]["arn"]):
        assert b.call("GetServiceNetwork", by=OTHER, serviceNetworkIdentifier=identifier)["id"] == network


def test_own_and_shared_networks_may_have_one_name() -> None:
    b, network = shared()

    own = b.network("my-hotel", by=OTHER)

    assert [each["id"] for each in b.call("ListServiceNetworks", by=OTHER)["items"]] == [network, own]


def test_a_knob_hides_shared_networks_from_lists() -> None:
    b = bench(ram_list=False)
    network = b.network()
    b.world.share(network, frozenset({OTHER.account}))

    assert b.call("ListServiceNetworks", by=OTHER)["items"] == []
    assert b.call("GetServiceNetwork", by=OTHER, serviceNetworkIdentifier=network)


def test_a_consumer_cannot_change_or_delete_what_is_shared_with_it() -> None:
    b, network = shared()

    for operation, params in (("UpdateServiceNetwork", {"authType": "NONE"}), ("DeleteServiceNetwork", {})):
        error = b.refused(operation, by=OTHER, serviceNetworkIdentifier=network, **params)
        assert (error.code, error.status) == ("AccessDeniedException", 403)


def test_each_side_sees_an_association_under_its_own_account_and_may_delete_it() -> None:
    b, network = shared()
    service = b.service("rates", by=OTHER)
    made = b.ready(
        "CreateServiceNetworkServiceAssociation",
        by=OTHER,
        serviceIdentifier=service,
        serviceNetworkIdentifier=network,
    )
    key = "serviceNetworkServiceAssociationIdentifier"

    mine = b.call("GetServiceNetworkServiceAssociation", **{key: made})
    theirs = b.call("GetServiceNetworkServiceAssociation", by=OTHER, **{key: made})

    assert f":{HOME.account}:" in mine["arn"]
    assert f":{OTHER.account}:" in theirs["arn"]
    assert mine["createdBy"] == theirs["createdBy"] == OTHER.account
    for text in (mine["arn"], theirs["arn"]):
        assert b.call("GetServiceNetworkServiceAssociation", **{key: text})["id"] == made
    assert b.refused("ListTagsForResource", resourceArn=mine["arn"]).code == "AccessDeniedException"
    assert b.call("DeleteServiceNetworkServiceAssociation", **{key: made})["status"] == "DELETE_IN_PROGRESS"


def test_two_things_that_are_both_shared_cannot_be_joined_by_the_consumer() -> None:
    b, network = shared()
    service = b.service()
    b.world.share(service, frozenset({OTHER.account}))

    error = b.refused(
        "CreateServiceNetworkServiceAssociation",
        by=OTHER,
        serviceIdentifier=service,
        serviceNetworkIdentifier=network,
    )

    assert error.code == "AccessDeniedException"


def test_associations_survive_unsharing() -> None:
    b, network = shared()
    made = b.ready("CreateServiceNetworkVpcAssociation", by=OTHER, serviceNetworkIdentifier=network, vpcIdentifier=VPC)

    b.world.share(network, frozenset())

    assert b.refused("GetServiceNetwork", by=OTHER, serviceNetworkIdentifier=network).status == 404
    listed = b.call("ListServiceNetworkVpcAssociations", by=OTHER, vpcIdentifier=VPC)["items"]
    assert [(each["id"], each["serviceNetworkName"]) for each in listed] == [(made, "my-hotel")]
