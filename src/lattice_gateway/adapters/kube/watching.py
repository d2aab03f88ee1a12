"""Listing and watching one kind as a state machine: what to ask next follows from the state, and nothing else.

The model is the watcher of kube-rs. I/O is in ``follow``; here are values and one function.

    Listing("") --page, more--> Listing(token) --last page--> Watching(version) --event, bookmark--> Watching(newer)
        ^                            |                             |
        +------------ 410 -----------+------------- 410 -----------+      any other failure: the same state, later
"""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias, assert_never

from lattice_gateway.adapters.kube.api import KubeError

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 15.0
"""Seconds to wait after the first failure, doubled with each further one, and at most."""

PROVEN: Final = 5.0
"""Seconds after which a watch that ends has not failed, even if it told nothing."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The next page is asked for; an empty ``token`` asks for the first."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Watching:
    """Changes since ``version`` are asked for."""

    version: str


State: TypeAlias = Listing | Watching


@dataclass(frozen=True, slots=True)
class Page:
    """A page came; ``token`` leads to the next, empty on the last. ``version`` is that of the whole list."""

    token: str
    version: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A change or a bookmark came: everything up to ``version`` is known."""

    version: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The server ended a watch that stood for ``lasted`` seconds."""

    lasted: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A request was refused, not answered or cut off."""

    error: KubeError


News: TypeAlias = Page | Heard | Ended | Failed


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come. ``failures`` in a row; ``asked`` is how many seconds the server wants to be left alone."""

    state: State = Listing()
    failures: int = 0
    asked: float = 0.0


def step(progress: Progress, news: News) -> Progress:
    """How far it has come after the news."""
    match news:
        case Page(token, version):
            return Progress(Listing(token) if token else Watching(version))
        case Heard(version):
            return Progress(Watching(version))
        case Ended(lasted) if lasted >= PROVEN:
            return Progress(progress.state)
        case Ended():
            return replace(progress, failures=progress.failures + 1, asked=0.0)
        case Failed(error):
            state = Listing() if error.expired else progress.state
            return Progress(state, progress.failures + 1, error.retry_after)
        case _:
            assert_never(news)


def pause(progress: Progress, chance: float) -> float:
    """Seconds to wait before the next request; ``chance``, 0 to 1, spreads those who failed together."""
    if not progress.failures:
        return 0.0
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(progress.failures - 1, 10))
    return max(progress.asked, longest * (0.5 + chance / 2))
