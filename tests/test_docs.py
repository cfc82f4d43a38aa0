"""A setting, command or address that nobody can look up is one that nobody should have."""

import re
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI
from fastapi.routing import APIRoute

from service.cli import exits, main
from service.settings import Settings, variable

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
INTEGRATION = (ROOT / "docs" / "integration.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "rules" / "README.md"])


def test_every_setting_has_a_heading() -> None:
    told = set(re.findall(r"^### `(MYOFLAG_\w+)`$", OPERATIONS, re.MULTILINE))

    assert told == {variable(name) for name in Settings.model_fields}


def test_every_command_is_told_and_no_other() -> None:
    group = typer.main.get_command(main)
    commands = set()
    for name, one in group.commands.items():  # type: ignore[attr-defined]  # it is a group
        below = getattr(one, "commands", {})
        commands |= {f"myoflag {name} {sub}" for sub in below} or {f"myoflag {name}"}

    told = set(re.findall(r"`(myoflag [a-z]+(?: [a-z]+)?)`", OPERATIONS)) - {"myoflag rules"}

    assert told == commands


def test_every_option_is_told() -> None:
    group = typer.main.get_command(main)
    for name in ("evaluate", "serve"):
        for parameter in group.commands[name].params:  # type: ignore[attr-defined]
            for option in parameter.opts:
                assert not option.startswith("--") or f"{option}" in OPERATIONS, option


def test_every_exit_code_is_told() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d) \|", OPERATIONS, re.MULTILINE)}
    used = {value for name, value in vars(exits).items() if name.isupper()}

    assert told == used | {0}


def test_every_address_is_told(app: FastAPI) -> None:
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            assert route.path in INTEGRATION, route.path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())

    assert [one for one in links if "://" not in one and not (page.parent / one).exists()] == []
