"""A setting, command or address that nobody can look up is one that nobody should have."""

import re
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI

from service import keys
from service.api.answers import GENERAL
from service.cli import exits, main
from service.evaluation import Site
from service.fhir.parameters import PARAMETERS
from service.settings import Settings, variable
from tests import transcripts

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

    told = set(re.findall(r"`(myoflag [a-z]+(?: [a-z]+)?)`", OPERATIONS)) - {
        "myoflag rules",
        "myoflag keys",
    }

    assert told == commands


def test_every_option_is_told() -> None:
    group = typer.main.get_command(main)
    commands = [
        one
        for top in group.commands.values()  # type: ignore[attr-defined]  # it is a group
        for one in (top, *getattr(top, "commands", {}).values())
    ]
    options = {
        option
        for one in commands
        for parameter in one.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }

    assert {option for option in options if option not in OPERATIONS} == set()


def test_every_exit_code_is_told() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", OPERATIONS, re.MULTILINE)}
    used = {value for name, value in vars(exits).items() if name.isupper()}

    assert told == used | {0}


def test_the_line_of_a_key_file_that_is_shown_can_be_read() -> None:
    (line,) = re.findall(r"^    (\S+ sha256:.+)$", OPERATIONS, re.MULTILINE)

    (key,) = keys.parse(line)
    assert keys.line_of(key) == line


def test_every_address_is_told(app: FastAPI) -> None:
    addresses = app.openapi()["paths"]

    assert "/fhir/$flag-causes" in addresses
    assert {one for one in addresses if f"{one}`" not in INTEGRATION} == set()


def test_every_parameter_is_told_and_no_other() -> None:
    _, _, section = INTEGRATION.partition("| query parameter | meaning |")
    table, _, _ = section.partition("\n\n")
    told = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    assert told == [*PARAMETERS, *GENERAL]


@pytest.mark.parametrize(
    "page", ["README.md", "NOTICE", "docs/integration.md", "docs/operations.md", "rules/README.md"]
)
def test_what_it_is_for_is_told_in_one_wording(page: str, site: Site) -> None:
    told = " ".join((ROOT / page).read_text().split())

    assert site.knowledge.ruleset.intended_use in told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())

    assert [one for one in links if "://" not in one and not (page.parent / one).exists()] == []


@pytest.mark.parametrize("page", transcripts.PAGES, ids=lambda page: page.name)
def test_every_transcript_shows_what_really_happens(
    page: Path, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    assert transcripts.renewed(page.read_text(), app) == page.read_text(), "see `make docs`"


def test_a_transcript_that_shows_something_else_is_noticed(app: FastAPI) -> None:
    page = "```console\n$ myoflag rules list flag\nAll is well.\n```\n"

    assert "There is no kind" in transcripts.renewed(page, app)
