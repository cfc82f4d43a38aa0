"""The image, proved by its own steps: built, installed and run without a Docker engine."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service import keys
from tests.packaging import dockerfile

KEY = keys.make()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the last stage would copy, made by the build stage's own steps."""
    return dockerfile.build(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def container(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service, started as the image starts it but on loopback."""
    process = subprocess.Popen(
        [*dockerfile.entry_point(), "--host", "127.0.0.1", "--port", "0"],
        env=environment(installed),
        cwd=tmp_path_factory.mktemp("empty"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        listening = next(
            line for line in map(json.loads, process.stderr) if line["event"] == "listening"
        )
        yield f"http://127.0.0.1:{listening['port']}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def environment(installed: Path) -> dict[str, str]:
    """The variables of the image, and none of the machine that runs the tests."""
    (installed.parent / "keys").write_text(f"{keys.line_of(keys.kept('test', KEY))}\n")
    told = dockerfile.environment()
    path = told.pop("PATH").replace("/opt/myoflag", str(installed))
    return {
        **told,
        "PATH": path.replace("$PATH", os.defpath),
        "MYOFLAG_API_KEYS_FILE": str(installed.parent / "keys"),
    }


def contents(folder: Path) -> dict[str, int]:
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob("*")}


def test_the_image_answers_with_the_flags_of_a_sample(installed: Path, container: str) -> None:
    sample = dockerfile.ROOT / "fhir_samples" / "hyponatremia-alcohol-use-disorder.json"
    before = contents(installed)

    assert httpx.get(f"{container}/readyz").json()["status"] == "ready"
    answer = httpx.post(
        f"{container}/fhir/$flag-causes",
        params={"now": "latest"},
        content=sample.read_bytes(),
        headers={"Content-Type": "application/fhir+json", "Authorization": f"Bearer {KEY}"},
    )

    assert answer.status_code == 200, answer.text
    codes = [
        entry["resource"]["code"]["coding"][0]["code"]
        for entry in answer.json()["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    ]
    assert "hyponatremia" in codes
    assert contents(installed) == before, "a read-only file system would not have allowed that"


def test_the_health_check_of_the_image_passes_while_the_service_runs(
    installed: Path, container: str
) -> None:
    port = container.rpartition(":")[2]
    variables = environment(installed) | {"MYOFLAG_PORT": port}

    assert subprocess.run(dockerfile.health_check(), env=variables, check=False).returncode == 0


def test_the_health_check_of_the_image_fails_where_nothing_listens(installed: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    variables = environment(installed) | {"MYOFLAG_PORT": port}

    checked = subprocess.run(
        dockerfile.health_check(), env=variables, check=False, capture_output=True
    )

    assert checked.returncode != 0


def test_the_image_refuses_to_listen_to_all_without_a_key(installed: Path) -> None:
    variables = environment(installed)
    del variables["MYOFLAG_API_KEYS_FILE"]

    started = subprocess.run(
        dockerfile.entry_point(), env=variables, check=False, capture_output=True, text=True
    )

    assert started.returncode == 2
    assert "MYOFLAG_API_KEYS_FILE" in started.stderr


def test_the_image_holds_compiled_rules_and_uses_them(installed: Path) -> None:
    asked = (
        "from service.knowledge import compiled; from service.settings import shipped; "
        "assert compiled.read(shipped('rules'), compiled.FILE)"
    )
    # -P: what is in the folder that the tests run in is not what is in the image.
    command = [str(installed / "bin" / "python"), "-P", "-c", asked]

    assert subprocess.run(command, check=False, env=environment(installed)).returncode == 0


def test_the_image_holds_no_installer_and_no_tests(installed: Path) -> None:
    names = {file.name for file in installed.rglob("site-packages/*")}

    assert not names & {"pip", "setuptools", "hatchling", "pytest", "tests"}


def test_the_image_holds_license_and_notice_as_they_stand_here(installed: Path) -> None:
    for name in ("LICENSE", "NOTICE"):
        (file,) = installed.rglob(f"myoflag-*.dist-info/licenses/{name}")

        assert file.read_text() == (dockerfile.ROOT / name).read_text()


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert dockerfile.last("USER") == "10001"
