"""The option that rewrites golden cases."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="rewrite the expected files of golden cases")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten; the option exists only when this folder is named."""
    return bool(request.config.getoption("--rewrite-golden", default=False))
