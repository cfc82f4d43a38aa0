"""What several rooms' tests share: the shipped rules, loaded once."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI

from service.api.app import create_app
from service.evaluation import Site, open_site
from service.settings import Settings
from tests.delivery.called import Servers


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A site with the shipped rules and the default settings."""
    opened = open_site(Settings())
    yield opened
    opened.engine.close()


@pytest.fixture(scope="session")
def app(site: Site) -> FastAPI:
    """The HTTP application of that site, without API keys."""
    return create_app(site)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A FHIR server that behaves and misbehaves: a real process on two real ports."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "delivery" / "fhir_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        first, second = process.stdout.readline().split()
        yield Servers(int(first), int(second))
    finally:
        process.communicate("\n", timeout=10)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Commands configure the logging of their process, which here is that of all tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
