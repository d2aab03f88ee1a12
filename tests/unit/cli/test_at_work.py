"""Whether a controller is at work: a Lease that is held counts until nobody renews it, by our own clock."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure, Patch, Query
from lattice_gateway.cli.at_work import at_work


@dataclass
class Watched:
    """An API server whose Leases are as the clock says: ``renewals`` are seconds at which the holder renews."""

    holder: str = "replica-1"
    seconds: int = 15
    renewals: tuple[float, ...] = ()
    refusal: KubeError | None = None
    moment: float = 0.0
    asked: list[str] = field(default_factory=list)

    async def get(self, path: str, query: Query) -> bytes:
        self.asked.append(f"{path}?{query['fieldSelector']}")
        if self.refusal is not None:
            raise KubeFailure(self.refusal)
        renewed = max((at for at in self.renewals if at <= self.moment), default=0.0)
        spec = {"holderIdentity": self.holder, "leaseDurationSeconds": self.seconds, "renewTime": f"at {renewed}"}
        items = [{"metadata": {"namespace": "gateway-system"}, "spec": spec}]
        return json.dumps({"items": items}).encode()

    async def create(self, path: str, body: Mapping[str, Any]) -> bytes:
        raise NotImplementedError

    async def patch(self, path: str, body: Mapping[str, Any], how: Patch) -> bytes:
        raise NotImplementedError

    def watch(self, path: str, query: Query, seconds: float) -> AsyncGenerator[list[bytes], None]:
        raise NotImplementedError

    def now(self) -> float:
        return self.moment

    def wall(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += seconds


@pytest.mark.parametrize(
    ("watched", "expected", "took"),
    [
        pytest.param(Watched(holder=""), None, 0, id="given back"),
        pytest.param(Watched(), None, 15, id="nobody renews it"),
        pytest.param(Watched(seconds=86_400), None, 60, id="nobody renews it, and it claims a day"),
        pytest.param(Watched(renewals=(3.5,)), "replica-1", 4, id="renewed"),
    ],
)
async def test_a_holder_is_at_work_if_he_renews(watched: Watched, expected: str | None, took: float) -> None:
    who = await at_work(watched, watched)

    assert (who is None) is (expected is None)
    assert expected is None or f"{expected} renews the Lease gateway-system/amazon-vpc-lattice.io" == who
    assert watched.moment == took
    assert set(watched.asked) == {"/apis/coordination.k8s.io/v1/leases?metadata.name=amazon-vpc-lattice.io"}


async def test_leases_that_may_not_be_listed_may_be_held() -> None:
    watched = Watched(refusal=KubeError(status=403, message="forbidden"))

    assert await at_work(watched, watched) == "somebody may be: Leases named amazon-vpc-lattice.io may not be listed"


async def test_a_server_that_does_not_answer_says_nothing() -> None:
    watched = Watched(refusal=KubeError(message="connection refused"))

    with pytest.raises(KubeFailure, match="connection refused"):
        await at_work(watched, watched)
