"""How many random cases the engine is compared with the oracle on."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cases",
        type=int,
        default=0,
        metavar="N",
        help="compare the engine with the oracle on N fresh random cases in place of the usual",
    )


@pytest.fixture
def cases_asked_for(request: pytest.FixtureRequest) -> int:
    """How many cases were asked for, 0 if nobody asked."""
    # pytest knows the option only where this folder is named on its command line.
    return int(request.config.getoption("--cases", 0))
