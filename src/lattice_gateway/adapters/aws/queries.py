"""Reads as requests, and their answers as values. Lattice: lattice.md §1.1 (pages), §2, §13.1 (tagging API)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lattice_gateway.adapters.aws import values
from lattice_gateway.adapters.aws.requests import LATTICE, STS, TAGGING, Request
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.engine import reads
from lattice_gateway.engine.reads import Page, Read, Tagged

T = TypeVar("T")
Members = Mapping[str, Any]

PAGE = 100
"""Lattice: greatest page of every listing, ours and the tagging API's."""

INDEXED = (
    "vpc-lattice:service",
    "vpc-lattice:targetgroup",
    "vpc-lattice:servicenetwork",
    "vpc-lattice:servicenetworkserviceassociation",
    "vpc-lattice:servicenetworkvpcassociation",
)
"""Kinds whose tags decide something; those of listeners and rules are written and never looked at."""


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A read as a call, and how its answer becomes the value."""

    request: Request
    value: Callable[[Members], T]


def query(read: Read[T]) -> Query[T]:
    """The call that answers ``read``; raises ``LookupError`` for a class without an entry."""
    build = _BUILDERS.get(type(read))
    if build is None:
        raise LookupError(f"no call is known for the read {type(read).__name__}")
    found: Query[T] = build(read)
    return found


def _lattice(operation: str, value: Callable[[Members], T], **members: object) -> Query[T]:
    return Query(Request(LATTICE, operation, members), value)


def _listing(operation: str, item: Callable[[Members], T], after: str | None, **members: object) -> Query[Page[T]]:
    token = {"nextToken": after} if after else {}
    return _lattice(operation, _page(item), maxResults=PAGE, **members, **token)


def _page(item: Callable[[Members], T]) -> Callable[[Members], Page[T]]:
    return lambda answer: Page(tuple(item(each) for each in answer.get("items") or ()), answer.get("nextToken"))


def _rules(read: reads.ListRules) -> Query[Page[reads.RuleSummary]]:
    inside = {"serviceIdentifier": read.service, "listenerIdentifier": read.listener}

    def page(answer: Members) -> Page[reads.RuleSummary]:
        own = [item for item in answer["items"] if not item.get("isDefault")]
        return Page(tuple(values.rule_summary(item) for item in own), answer.get("nextToken"))

    token = {"nextToken": read.after} if read.after else {}
    return _lattice("ListRules", page, maxResults=PAGE, **inside, **token)


def _rule(read: reads.GetRule) -> Query[Any]:
    return _lattice(
        "GetRule",
        values.rule,
        serviceIdentifier=read.service,
        listenerIdentifier=read.listener,
        ruleIdentifier=read.rule,
    )


def _find_tagged(read: reads.FindTagged) -> Query[Page[Tagged]]:
    members: dict[str, object] = {
        "TagFilters": [{"Key": read.key, "Values": [read.value]}],
        "ResourceTypeFilters": list(INDEXED),
        "ResourcesPerPage": PAGE,
    }
    if read.after:
        members["PaginationToken"] = read.after
    return Query(Request(TAGGING, "GetResources", members), _tagged)


def _tags_of(read: reads.TagsOf) -> Query[Page[Tagged]]:
    return Query(Request(TAGGING, "GetResources", {"ResourceARNList": list(read.arns)}), _tagged)


def _tagged(answer: Members) -> Page[Tagged]:
    return Page(
        tuple(
            Tagged(Arn(item["ResourceARN"]), Tags({tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}))
            for item in answer.get("ResourceTagMappingList") or ()
        ),
        answer.get("PaginationToken") or None,
    )


_BUILDERS: Mapping[type, Callable[[Any], Query[Any]]] = {
    reads.ListServices: lambda read: _listing("ListServices", values.service, read.after),
    reads.GetService: lambda read: _lattice("GetService", values.service, serviceIdentifier=read.service),
    reads.ListTargetGroups: lambda read: _listing(
        "ListTargetGroups", values.listed_group, read.after, vpcIdentifier=read.vpc
    ),
    reads.GetTargetGroup: lambda read: _lattice("GetTargetGroup", values.group, targetGroupIdentifier=read.group),
    reads.ListTargets: lambda read: _listing(
        "ListTargets", values.target, read.after, targetGroupIdentifier=read.group
    ),
    reads.ListServiceNetworks: lambda read: _listing("ListServiceNetworks", values.network, read.after),
    reads.ListVpcAssociations: lambda read: _listing(
        "ListServiceNetworkVpcAssociations", values.vpc_association, read.after, vpcIdentifier=read.vpc
    ),
    reads.ListVpcAssociationsOfNetwork: lambda read: _listing(
        "ListServiceNetworkVpcAssociations",
        values.vpc_association,
        read.after,
        serviceNetworkIdentifier=read.network,
    ),
    reads.GetVpcAssociation: lambda read: _lattice(
        "GetServiceNetworkVpcAssociation",
        values.vpc_association,
        serviceNetworkVpcAssociationIdentifier=read.association,
    ),
    reads.ListAssociationsOfService: lambda read: _listing(
        "ListServiceNetworkServiceAssociations", values.linked, read.after, serviceIdentifier=read.service
    ),
    reads.ListAssociationsOfNetwork: lambda read: _listing(
        "ListServiceNetworkServiceAssociations", values.linked, read.after, serviceNetworkIdentifier=read.network
    ),
    reads.ListListeners: lambda read: _listing(
        "ListListeners", values.listener, read.after, serviceIdentifier=read.service
    ),
    reads.GetListener: lambda read: _lattice(
        "GetListener", values.listener, serviceIdentifier=read.service, listenerIdentifier=read.listener
    ),
    reads.ListRules: _rules,
    reads.GetRule: _rule,
    reads.ListTags: lambda read: _lattice(
        "ListTagsForResource", lambda answer: Tags(answer.get("tags") or {}), resourceArn=read.arn
    ),
    reads.FindTagged: _find_tagged,
    reads.TagsOf: _tags_of,
    reads.CallerAccount: lambda _: Query(Request(STS, "GetCallerIdentity", {}), lambda answer: str(answer["Account"])),
}
