"""The small rule set, and the shipped one, loaded once."""

from pathlib import Path

import pytest

from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from tests.knowledge.small_rules import write_rules


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return load(write_rules(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="session")
def shipped_folder() -> Path:
    return Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="session")
def shipped(shipped_folder: Path) -> Knowledge:
    return load(shipped_folder)
