"""Transcripts in the documents: blocks of commands with what they print, held to it by tests.

A block begins with ```console; each line that begins with "$ " is a command, and what follows
is its output. `myoflag ...` and `curl ... | jq FILTER` are known. After a change that was meant,
and looked at: `make docs` writes the outputs anew.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from typer.testing import CliRunner

from service.api.app import create_app
from service.cli import main
from service.evaluation import open_site
from service.settings import Settings
from tests.api.client import call

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "integration.md", ROOT / "docs" / "operations.md")

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)

#: What jq would make of an answer.
_FILTERS: dict[str, Callable[[Any], Any]] = {
    ".entry[0].resource | del(.text, .author)": lambda answer: {
        name: value
        for name, value in answer["entry"][0]["resource"].items()
        if name not in {"text", "author"}
    },
    ".parameter[0].resource.entry[0] | del(.resource)": lambda answer: {
        name: value
        for name, value in answer["parameter"][0]["resource"]["entry"][0].items()
        if name != "resource"
    },
    ".entry[-1].resource": lambda answer: answer["entry"][-1]["resource"],
    ".": lambda answer: answer,
}


def renewed(page: str, app: FastAPI) -> str:
    """A page with the outputs that its commands have now. Paths in them are from ROOT."""
    return _BLOCK.sub(lambda block: "".join(_transcript(block[0], app)), page)


def _transcript(block: str, app: FastAPI) -> Iterator[str]:
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)\n", block, re.MULTILINE):
        yield f"$ {command}\n"
        words = shlex.split(command.replace("\\\n", " "))
        output = _myoflag(words[1:]) if words[0] == "myoflag" else _curl(words[1:], app)
        yield from (f"{line.rstrip()}\n" for line in output.rstrip().splitlines())


def _myoflag(words: list[str]) -> str:
    return CliRunner().invoke(main, words, env={"COLUMNS": "100"}).output


def _curl(words: list[str], app: FastAPI) -> str:
    place = words.index("|")
    url = urlsplit(next(word for word in words if "://" in word))
    body = next((word[1:] for word in words if word.startswith("@")), None)
    headers = dict(word.split(": ") for word in words if ": " in word)
    answer = call(
        app,
        "POST" if body else "GET",
        f"{url.path}?{url.query}",
        content=(ROOT / body).read_bytes() if body else None,
        headers=headers,
    )
    return json.dumps(_FILTERS[words[place + 2]](answer.json()), indent=2)


if __name__ == "__main__":
    application = create_app(open_site(Settings()))
    for written in PAGES:
        written.write_text(renewed(written.read_text(), application))
