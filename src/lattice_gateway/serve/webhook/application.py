"""``/mutate-pod`` over HTTP. Whatever happens here, the pod is admitted."""

from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter

import structlog
from aiohttp import web

from lattice_gateway.serve.webhook.around import Known
from lattice_gateway.serve.webhook.decision import Inject
from lattice_gateway.serve.webhook.metrics import WebhookMetrics
from lattice_gateway.serve.webhook.review import Asked, NotAReview, Question, admitted, answer, read

PATH = "/mutate-pod"
LARGEST = 8 * 1024 * 1024
"""Bytes of a review; etcd takes objects of 1.5 MiB, and a review may hold one twice."""

log = structlog.get_logger(__name__)


def webhook_application(known: Known, metrics: WebhookMetrics) -> web.Application:
    """The webhook's server; it answers on every replica, also where another one leads."""

    async def mutate(request: web.Request) -> web.Response:
        with metrics.request(PATH) as code:
            response = _mutate(await request.read(), known, metrics.panic)
            code.is_(response.status)
        return response

    application = web.Application(client_max_size=LARGEST)
    application.router.add_post(PATH, mutate)
    return application


def _mutate(body: bytes, known: Known, panic: Callable[[], None]) -> web.Response:
    try:
        asked = read(body)
    except NotAReview as fault:
        log.warning("webhook", outcome="not a review", error=str(fault))
        return web.Response(status=HTTPStatus.BAD_REQUEST, text=f"{fault}\n")
    return web.Response(body=_answer(asked, known, panic), content_type="application/json")


def _answer(asked: Asked, known: Known, panic: Callable[[], None]) -> bytes:
    """The answer; a bug costs the gate, never the pod, and is logged with its traceback."""
    began = perf_counter()
    try:
        text, decision = answer(asked, known.around if known.complete else None)
    except Exception:
        log.exception("bug", unit="webhook")
        panic()
        return admitted(asked.uid, "no readiness gate: a bug of the controller, see its log")
    if isinstance(asked, Question):
        log.info(
            "webhook",
            pod=asked.name,
            outcome="gate" if isinstance(decision, Inject) else "no gate",
            because=decision.because,
            took_ms=round(1000 * (perf_counter() - began), 1),
        )
    return text
