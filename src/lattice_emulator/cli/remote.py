"""Talking to a running emulator's admin API, for the commands that look at it or change it."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_SECONDS = 30.0


class RemoteError(Exception):
    """The emulator was not reached, or refused; the text is a sentence."""


def ask(url: str, method: str, path: str, document: object = None) -> Any:
    """Send one admin request to the emulator at ``url`` and give its JSON answer; raises RemoteError."""
    body = None if document is None else json.dumps(document).encode()
    if not url.startswith(("http://", "https://")):
        raise RemoteError(f"--url: found {url!r}, expected the URL that `lattice-emulator serve` printed")
    target = f"{url.rstrip('/')}/_emulator/{path}"
    request = urllib.request.Request(target, data=body, method=method)  # noqa: S310 - http(s) only, see above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise RemoteError(_refusal(error)) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)
        raise RemoteError(f"no emulator answers at {url}: {why}") from None


def _refusal(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            return str(json.load(error)["error"])
        except (ValueError, KeyError, TypeError):
            return f"{error.url} answered {error.code}: it is not the admin API of an emulator"
