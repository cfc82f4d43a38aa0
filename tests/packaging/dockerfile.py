"""The Dockerfile's instructions, and carrying them out without a Docker engine.

`build` takes the steps of the build stage exactly as they stand, with the image's absolute
paths moved below a folder. What only a container can show is left out by name: the
system's packages (the machine that tests has a compiler) and the user.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

#: The image's own places, which become folders below the root that a test gives.
PLACES = ("/source", "/build", "/wheels", "/opt/myoflag")


class Instruction(NamedTuple):
    word: str
    rest: str


def instructions() -> list[list[Instruction]]:
    """The instructions of each stage."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    stages: list[list[Instruction]] = []
    for line in filter(str.strip, lines):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append(Instruction(word, " ".join(rest.split())))
    return stages


def last(word: str) -> str:
    """What the last stage says with an instruction."""
    return next(one.rest for one in reversed(instructions()[-1]) if one.word == word)


def environment() -> dict[str, str]:
    """The variables of the last stage."""
    return dict(pair.split("=", 1) for pair in last("ENV").split())


def health_check() -> list[str]:
    command: list[str] = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    return command


def entry_point() -> list[str]:
    command: list[str] = json.loads(last("ENTRYPOINT"))
    return command


def build(root: Path, *, python: str = sys.executable) -> Path:
    """Carries out the build stage below `root`; the folder that the last stage copies."""
    here = root
    # What is on this machine's path of modules is not in the image.
    machine = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for one in instructions()[0]:
        if one.word == "WORKDIR":
            here = Path(_moved(one.rest, root))
            here.mkdir(parents=True)
        elif one.word == "COPY":
            _copy(one.rest, here)
        elif one.word == "RUN" and not one.rest.startswith("apt-get"):
            command = re.sub(r"^python |(?<=&& )python ", f"{python} ", _moved(one.rest, root))
            subprocess.run(
                ["sh", "-c", command], check=True, cwd=here, env=machine, capture_output=True
            )
    copied = next(
        one.rest for one in instructions()[-1] if one.word == "COPY" and "--from=build" in one.rest
    )
    source, target = copied.split()[1:]
    assert source == target, "an environment works only where it was made"
    return Path(_moved(source, root))


def _moved(text: str, root: Path) -> str:
    for place in PLACES:
        text = re.sub(rf"(?<![\w.]){place}\b", f"{root}{place}", text)
    return text


def _copy(rest: str, here: Path) -> None:
    source, target = rest.split()
    sent = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    names = sent if source == "." else [source]
    assert set(names) <= set(sent), "not sent to the engine: see .dockerignore"
    for name in names:
        into = here / name if source == "." else here / target
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, into, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, into)
