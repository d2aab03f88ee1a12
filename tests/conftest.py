"""What every suite shares: the option that rewrites expected files, and how laws draw their examples."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile(
    "searching",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "repeatable",
    parent=settings.get_profile("searching"),
    derandomize=True,
    database=None,
    print_blob=True,
)
# CI draws the same examples each time: a counterexample found there is found by everybody who runs `CI=true make test`.
settings.load_profile("repeatable" if os.environ.get("CI") else "searching")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that rewrites expected files."""
    parser.addoption("--rewrite-golden", action="store_true", help="rewrite the expected files of golden cases")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten."""
    return bool(request.config.getoption("--rewrite-golden"))


@pytest.fixture(autouse=True)
def logs_of_this_test() -> Iterator[None]:
    """A command run in this process sends logs to a stream that ends with its test; the next test has its own."""
    yield
    structlog.reset_defaults()
