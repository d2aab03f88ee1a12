"""Whether a controller is at work in a cluster, ours or the Go controller: by the Lease that both renew.

Other people's clocks are not believed: a Lease that somebody holds is watched until it is renewed, or as long as it
counts.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from lattice_gateway.adapters.kube.api import Api, KubeFailure
from lattice_gateway.engine.leases import LEASE_NAME
from lattice_gateway.engine.ports import Clock

LEASES: Final = "/apis/coordination.k8s.io/v1/leases"
PAUSE: Final = 1.0
"""Seconds between two looks; both controllers renew every two."""

LONGEST: Final = 60.0
"""Seconds after which a Lease that nobody renewed is nobody's, whatever it says itself."""


class _Meta(msgspec.Struct, frozen=True):
    namespace: str = ""


class _Spec(msgspec.Struct, frozen=True):
    holderIdentity: str = ""  # noqa: N815  # the API's spelling
    renewTime: str = ""  # noqa: N815
    leaseDurationSeconds: int = 15  # noqa: N815


class _Lease(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    spec: _Spec = _Spec()


class _Leases(msgspec.Struct, frozen=True):
    items: tuple[_Lease, ...] = ()


async def at_work(api: Api, clock: Clock) -> str | None:
    """Who is at work, in words; None when nobody is. Raises ``KubeFailure``.

    Answers at once where no Lease is held, else after a renewal, at the latest when the Lease has run out.
    """
    try:
        first = await _held(api)
        deadline = clock.now() + min(max((spec.leaseDurationSeconds for spec in first.values()), default=0), LONGEST)
        while clock.now() < deadline:
            await clock.sleep(PAUSE)
            for namespace, spec in (await _held(api)).items():
                if spec != first.get(namespace):
                    return f"{spec.holderIdentity} renews the Lease {namespace}/{LEASE_NAME}"
    except KubeFailure as failure:
        if failure.error.forbidden:
            return f"somebody may be: Leases named {LEASE_NAME} may not be listed"
        raise
    return None


async def _held(api: Api) -> Mapping[str, _Spec]:
    """Leases of our name that somebody holds, by namespace."""
    answer = await api.get(LEASES, {"fieldSelector": f"metadata.name={LEASE_NAME}"})
    found = msgspec.json.decode(answer, type=_Leases).items
    return {each.metadata.namespace: each.spec for each in found if each.spec.holderIdentity}
