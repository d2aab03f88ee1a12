"""What a watcher asks next, as a table and as laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.watching import (
    LONGEST_PAUSE,
    Ended,
    Failed,
    Heard,
    Listing,
    News,
    Page,
    Progress,
    Watching,
    pause,
    step,
)
from tests.unit.kube.making import AWAY, EXPIRED

BUSY = KubeError(status=429, reason="TooManyRequests", retry_after=7.0)


@pytest.mark.parametrize(
    ("before", "news", "after"),
    [
        pytest.param(Progress(), Page("t", "5"), Progress(Listing("t")), id="a page with more behind it"),
        pytest.param(Progress(Listing("t")), Page("", "5"), Progress(Watching("5")), id="the last page"),
        pytest.param(Progress(Listing("t")), Failed(EXPIRED), Progress(Listing(), 1), id="pages too old"),
        pytest.param(Progress(Listing("t")), Failed(AWAY), Progress(Listing("t"), 1), id="a page that did not come"),
        pytest.param(Progress(Watching("5"), 3), Heard("6"), Progress(Watching("6")), id="a change"),
        pytest.param(Progress(Watching("5")), Failed(EXPIRED), Progress(Listing(), 1), id="a version too old"),
        pytest.param(Progress(Watching("5"), 1), Failed(AWAY), Progress(Watching("5"), 2), id="cut off"),
        pytest.param(Progress(Watching("5")), Failed(BUSY), Progress(Watching("5"), 1, 7.0), id="told to wait"),
        pytest.param(Progress(Watching("5"), 2), Ended(60), Progress(Watching("5")), id="ended in order"),
        pytest.param(Progress(Watching("5")), Ended(0.1), Progress(Watching("5"), 1), id="ended at once"),
    ],
)
def test_the_next_state_follows_from_state_and_news(before: Progress, news: News, after: Progress) -> None:
    assert step(before, news) == after


news_items = st.one_of(
    st.builds(Page, token=st.sampled_from(["", "t"]), version=st.just("5")),
    st.builds(Heard, version=st.just("6")),
    st.builds(Ended, lasted=st.floats(0, 100)),
    st.builds(Failed, error=st.sampled_from([AWAY, EXPIRED, BUSY])),
)


@given(st.lists(news_items))
def test_a_watch_is_given_up_only_for_history(history: list[News]) -> None:
    progress = Progress()
    for news in history:
        before, progress = progress, step(progress, news)

        lost = isinstance(before.state, Watching) and progress.state == Listing()
        assert not lost or (isinstance(news, Failed) and news.error.expired)


@given(st.integers(0, 100), st.floats(0, 1))
def test_a_pause_is_never_long_and_never_missing_after_a_failure(failures: int, chance: float) -> None:
    seconds = pause(Progress(failures=failures), chance)

    assert seconds <= LONGEST_PAUSE
    assert (seconds > 0) == (failures > 0)


def test_the_server_decides_how_long_it_is_left_alone() -> None:
    assert pause(Progress(failures=1, asked=7.0), 0.5) == 7.0
