"""The AdmissionReview around a decision: bytes of a request in, bytes of an answer out. Pure.

Spec: ``admission.k8s.io/v1``. Every answer admits the pod: an explicit refusal would stop it even under the failure
policy Ignore (decision 19). Where no decision could be made, a warning says so to whoever created the pod.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from lattice_gateway.serve.webhook.decision import Decision, Inject, Leave, Pod, Surroundings, decide, patch

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"


class NotAReview(Exception):  # noqa: N818  # reads as what is the case
    """The body is not an AdmissionReview that can be answered; the message says what was found and expected."""


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """A part of the JSON; members that we do not read are left alone."""


class _GroupVersionKind(_Part, frozen=True):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Request(_Part, frozen=True):
    uid: str
    kind: _GroupVersionKind = _GroupVersionKind()
    operation: str = ""
    sub_resource: str = ""
    namespace: str = ""
    name: str = ""
    object: msgspec.Raw = msgspec.Raw(b"null")


class _Review(_Part, frozen=True):
    api_version: str
    kind: str
    request: _Request


class _Gate(_Part, frozen=True):
    condition_type: str = ""


class _Metadata(_Part, frozen=True):
    name: str = ""
    generate_name: str = ""
    labels: Mapping[str, str] | None = None


class _Spec(_Part, frozen=True):
    readiness_gates: tuple[_Gate, ...] | None = None


class _Pod(_Part, frozen=True):
    metadata: _Metadata = _Metadata()
    spec: _Spec = _Spec()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A pod that is about to be created; ``name`` is for logs, a prefix where the server makes the rest."""

    uid: str
    name: str
    pod: Pod


@dataclass(frozen=True, slots=True)
class NoQuestion:
    """Something that is admitted without a look; ``warning`` None where that is as it should be."""

    uid: str
    warning: str | None = None


Asked: TypeAlias = Question | NoQuestion


def read(body: bytes) -> Asked:
    """What the API server asks. Raises ``NotAReview`` where there is nobody to answer to."""
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotAReview(f"expected an {KIND} of {API_VERSION}: {error}") from error
    if (review.api_version, review.kind) != (API_VERSION, KIND):
        raise NotAReview(f"found {review.kind} of {review.api_version}, expected {KIND} of {API_VERSION}")
    request = review.request
    of_a_pod = (request.kind.group, request.kind.kind) == ("", "Pod") and not request.sub_resource
    if request.operation != "CREATE" or not of_a_pod:
        return NoQuestion(request.uid)
    return _question(request)


def answer(asked: Asked, around: Callable[[Pod], Surroundings] | None) -> tuple[bytes, Decision]:
    """The answer's bytes, and the decision in it; ``around`` is None while the cluster was not read yet."""
    match asked:
        case NoQuestion(uid, warning):
            return admitted(uid, warning), Leave(warning or "not a pod that is created")
        case Question(uid=uid, pod=pod):
            if around is None:
                warning = "no readiness gate: the objects of the cluster were not read yet"
                return admitted(uid, warning), Leave(warning)
            decision = decide(pod, around(pod))
            return _patched(uid, pod) if isinstance(decision, Inject) else admitted(uid, None), decision


def admitted(uid: str, warning: str | None) -> bytes:
    """The answer that leaves the pod as it is."""
    warnings = {"warnings": [f"lattice-gateway: {warning}"]} if warning else {}
    return _response({"uid": uid, "allowed": True, **warnings})


def _question(request: _Request) -> Asked:
    try:
        found = msgspec.json.decode(request.object, type=_Pod)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return NoQuestion(request.uid, f"no readiness gate: the pod cannot be read: {error}")
    gates = found.spec.readiness_gates
    pod = Pod(
        namespace=request.namespace,
        labels=found.metadata.labels or {},
        gates=None if gates is None else tuple(gate.condition_type for gate in gates),
    )
    name = request.name or found.metadata.name or f"{found.metadata.generate_name}*"
    return Question(uid=request.uid, name=f"{request.namespace}/{name}", pod=pod)


def _patched(uid: str, pod: Pod) -> bytes:
    change = msgspec.json.encode(patch(pod))
    return _response({"uid": uid, "allowed": True, "patchType": "JSONPatch", "patch": change})


def _response(response: Mapping[str, Any]) -> bytes:
    """Bytes in a response become base64, as the API wants a patch."""
    return msgspec.json.encode({"apiVersion": API_VERSION, "kind": KIND, "response": response})
