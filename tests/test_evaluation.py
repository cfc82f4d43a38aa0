"""Bytes in, bytes out."""

import inspect
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from service.evaluation import Asked, Site, answer, ask, open_site, self_test
from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome
from service.knowledge.faults import RulesError
from service.settings import Settings, shipped
from tests.fhir_validity import assert_valid_answer, assert_valid_outcome

SAMPLES = sorted(shipped("fhir_samples").glob("*.json"))
BODIES = [sample.read_bytes() for sample in SAMPLES]
CLOCK = datetime(2026, 6, 1, 12, tzinfo=UTC)

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)


@each_sample
def test_the_same_input_gives_the_same_bytes(site: Site, sample: Path) -> None:
    body = sample.read_bytes()

    assert answer(site, body, Asked(), CLOCK) == answer(site, body, Asked(), CLOCK)


@each_sample
def test_the_order_of_a_bundles_entries_changes_no_flag(site: Site, sample: Path) -> None:
    bundle = json.loads(sample.read_bytes())
    expected = flags(answer(site, json.dumps(bundle).encode(), Asked("latest"), CLOCK))
    bundle.get("entry", []).reverse()

    assert flags(answer(site, json.dumps(bundle).encode(), Asked("latest"), CLOCK)) == expected


def flags(body: bytes) -> dict[str, object]:
    return {
        entry["resource"]["id"]: entry["resource"]
        for entry in json.loads(body)["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    }


def test_the_clock_counts_where_no_moment_is_asked_for(site: Site) -> None:
    sample = SAMPLES[0].read_bytes()

    assert b"Judged at 2026-06-01T12:00:00Z" in answer(site, sample, Asked(), CLOCK)
    assert b"Judged at 2026-05-01T09:00:00Z" in answer(
        site, sample, ask(site, "2026-05-01T09:00:00Z"), CLOCK
    )


def test_a_day_means_its_end_so_that_its_results_count(site: Site) -> None:
    asked = ask(site, "2026-05-01")

    assert asked.now == datetime(2026, 5, 1, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize("now", [None, "latest"])
def test_no_moment_and_the_latest_are_no_times(site: Site, now: str | None) -> None:
    assert ask(site, now).now == now


@pytest.mark.parametrize("now", ["", "Latest", "now", "2026-02-30", "2026-5-1", "1e3", " "])
def test_a_moment_that_can_not_be_is_told(site: Site, now: str) -> None:
    with pytest.raises(ValueError, match=r"^now: "):
        ask(site, now)


def test_a_body_over_the_limit_is_not_read(site: Site) -> None:
    small = structs.replace(site, max_body_bytes=10)

    with pytest.raises(Refused) as caught:
        answer(small, b" " * 11, Asked(), CLOCK)

    assert caught.value.status == 413


@pytest.mark.parametrize("strict", [False, True])
def test_a_body_as_deep_as_the_setting_can_allow_is_read(site: Site, *, strict: bool) -> None:
    most = 64
    with pytest.raises(ValueError, match="max_depth"):
        Settings(max_depth=most + 1)
    deep = structs.replace(site, max_depth=most)
    # Each step is one object, and a model of its own: nothing else nests as steeply.
    steps = ("identifier", "assigner") * (most // 2 - 1)
    reference: dict[str, object] = {"display": "the last"}
    for step in reversed(steps):
        reference = {step: reference}
    body = json.dumps({"resourceType": "Patient", "id": "p", "managingOrganization": reference})

    assert json.loads(answer(deep, body.encode(), Asked(strict=strict), CLOCK))["entry"]


def test_the_engine_gives_a_known_patient_its_flag(site: Site) -> None:
    assert self_test(site)


def status(site: Site, body: bytes) -> int:
    """The HTTP status of what comes back, which is valid FHIR in any case."""
    try:
        assert_valid_answer(answer(site, body, Asked("latest"), CLOCK))
    except Refused as refused:
        assert_valid_outcome(write_outcome(refused.issues))
        return refused.status
    return 200


@given(st.binary(max_size=200))
def test_bytes_that_are_no_fhir_are_refused(site: Site, body: bytes) -> None:
    assert 400 <= status(site, body) < 500


@given(st.sampled_from(BODIES), st.integers(0, 2**32 - 1))
def test_a_spoiled_sample_is_answered_or_refused(site: Site, body: bytes, seed: int) -> None:
    """A few bytes of a real bundle are replaced, cut out or doubled."""
    chance = Random(seed)  # noqa: S311 - not for secrets
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(body))
        end = start + chance.randint(0, 30)
        into = chance.choice((chance.randbytes(chance.randint(0, 30)), body[start:end] * 2, b""))
        body = body[:start] + into + body[end:]

    assert status(site, body) in {200, 400, 413, 422}


@pytest.mark.parametrize(("patients", "most"), [(1, 6), (250, 10)])
def test_a_large_bundle_takes_a_few_times_its_size_of_memory(patients: int, most: int) -> None:
    """In a process of its own, whose peak is that of this bundle."""
    command = [sys.executable, "-c", f"{inspect.getsource(peak)}\npeak({patients})"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(command, check=True, capture_output=True, env=environment)
    growth, size = map(int, told.stdout.split())

    assert size < growth < most * size


def peak(patients: int) -> None:
    """Prints how much memory grew at its peak, and how large the bundle was, in kB."""
    import resource  # noqa: PLC0415
    import sys  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from service.evaluation import Asked, answer, open_site  # noqa: PLC0415
    from service.settings import Settings  # noqa: PLC0415
    from tests.benchmarks.bundles import bundle  # noqa: PLC0415
    from tests.memory import resident_kilobytes  # noqa: PLC0415

    site = open_site(Settings())
    body = bundle(10_000, patients)
    before = resident_kilobytes()
    answer(site, body, Asked(), datetime(2026, 11, 21, 8, tzinfo=UTC))
    status = Path("/proc/self/status")
    if status.exists():
        # What resources tell on Linux includes the process that started this one.
        most = int(status.read_text().partition("VmHWM:")[2].split()[0])
    else:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{most - before} {len(body) // 1024}\n")


def test_a_site_whose_rules_lack_a_list_of_words_is_not_opened(tmp_path: Path) -> None:
    rules = Path(shutil.copytree(shipped("rules"), tmp_path / "rules"))
    (rules / "words" / "specimens.yaml").unlink()
    with pytest.raises(RulesError, match="listens for lists that are not there: specimen-urine, "):
        open_site(Settings(rules=rules))
