"""Processes that evaluate large bodies: the same bytes, clean failures, nothing left behind."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import active_children
from multiprocessing.process import BaseProcess

import pytest

from service import logs
from service.api.app import create_app
from service.api.evaluators import Evaluators, Lost
from service.evaluation import Asked, Site, answer, ask
from service.fhir.issues import Refused
from service.fhir.parameters import ParameterValues
from service.settings import shipped
from tests.api.client import issue_of, post
from tests.benchmarks.bundles import bundle

CLOCK = datetime(2026, 11, 21, 8, tzinfo=UTC)
SAMPLES = [file.read_bytes() for file in sorted(shipped("fhir_samples").glob("*.json"))]
SAMPLE = SAMPLES[0]


@contextmanager
def started(site: Site, processes: int = 1) -> Iterator[Evaluators]:
    evaluators = Evaluators(site, processes, 1)
    try:
        yield evaluators
    finally:
        evaluators.close()
        assert active_children() == []


@pytest.fixture
def evaluators(site: Site) -> Iterator[Evaluators]:
    with started(site) as those:
        yield those


def given(evaluators: Evaluators, body: bytes, asked: Asked = Asked()) -> bytes:  # noqa: B008
    return asyncio.run(evaluators.answer(body, asked, CLOCK))


def test_the_answer_is_the_same_to_the_byte(site: Site, evaluators: Evaluators) -> None:
    for body in [*SAMPLES, bundle(500, 25)]:
        for asked in (
            Asked(),
            ask(site, "latest", ParameterValues(include_evidence=True, explain=True)),
        ):
            assert given(evaluators, body, asked) == answer(site, body, asked, CLOCK)


def test_a_refusal_is_the_same(site: Site, evaluators: Evaluators) -> None:
    for body in (b"", b"[]", b'{"resourceType": "Bundle", "type": "collection"}'):
        with pytest.raises(Refused) as here:
            answer(site, body, Asked(), CLOCK)
        with pytest.raises(Refused) as there:
            given(evaluators, body)
        assert there.value.args == here.value.args


def test_one_process_serves_one_body_after_another(evaluators: Evaluators) -> None:
    given(evaluators, SAMPLE)
    (first,) = active_children()
    with pytest.raises(Refused):
        given(evaluators, b"")
    given(evaluators, SAMPLE)

    assert active_children() == [first]


def test_callers_at_one_time_get_each_their_own_answer(site: Site) -> None:
    async def all_at_once(evaluators: Evaluators) -> list[bytes]:
        return await asyncio.gather(
            *(evaluators.answer(body, Asked(), CLOCK) for body in SAMPLES * 2)
        )

    with started(site, processes=2) as two:
        answers = asyncio.run(all_at_once(two))
        assert len(active_children()) == 2

    assert answers == [answer(site, body, Asked(), CLOCK) for body in SAMPLES] * 2


def test_a_failure_inside_is_told_without_what_it_was_about(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    """No cause has this id, which the interfaces check and the engine relies on."""
    with started(site) as evaluators:
        with pytest.raises(logs.FailedElsewhere) as caught:
            given(
                evaluators,
                SAMPLE,
                Asked(said=ParameterValues(explain=True), cause="secret-of-a-patient"),
            )
        assert active_children() == []
        assert given(evaluators, SAMPLE)

    told = logs.told(caught.value)
    assert told["exception"] == "KeyError"
    assert any("explanation.py" in str(place) for place in told["places"])  # type: ignore[attr-defined]
    assert "secret" not in str(told)
    assert capfd.readouterr().err == ""


async def meanwhile(
    evaluators: Evaluators, happens: Callable[[BaseProcess, "asyncio.Task[bytes]"], None]
) -> bytes:
    """The answer to a body, while whose process is being started something happens."""
    task = asyncio.create_task(evaluators.answer(SAMPLE, Asked(), CLOCK))
    while not active_children():  # noqa: ASYNC110 - nothing else tells of it
        await asyncio.sleep(0)
    (process,) = active_children()
    happens(process, task)
    return await task


def kill(process: BaseProcess, _: object) -> None:
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)


def tell_to_end(process: BaseProcess, _: object) -> None:
    process.terminate()


def cancel(_: object, task: "asyncio.Task[bytes]") -> None:
    task.cancel()


def test_the_answer_of_a_process_that_is_killed_is_lost_and_the_next_is_made(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("error")
    with started(site) as evaluators:
        with pytest.raises(Lost):
            asyncio.run(meanwhile(evaluators, kill))
        line = json.loads(capsys.readouterr().err)
        assert line["event"] == "an evaluating process ended"
        assert line["exit_code"] == -signal.SIGKILL
        assert set(line) <= logs.ALLOWED

        assert given(evaluators, SAMPLE) == answer(site, SAMPLE, Asked(), CLOCK)


def test_a_process_that_is_told_to_end_is_replaced_and_the_answer_made(site: Site) -> None:
    with started(site) as evaluators:
        told = asyncio.run(meanwhile(evaluators, tell_to_end))

    assert told == answer(site, SAMPLE, Asked(), CLOCK)


def test_what_kills_an_idle_process_is_no_trouble_of_the_next_caller(site: Site) -> None:
    with started(site) as evaluators:
        given(evaluators, SAMPLE)
        (idle,) = active_children()
        kill(idle, None)
        idle.join()

        assert given(evaluators, SAMPLE) == answer(site, SAMPLE, Asked(), CLOCK)


def test_an_evaluation_that_is_cancelled_ends_with_its_process(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("error")
    with started(site) as evaluators:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(meanwhile(evaluators, cancel))

        assert active_children() == []
        assert capsys.readouterr().err == ""
        assert given(evaluators, SAMPLE) == answer(site, SAMPLE, Asked(), CLOCK)


def test_a_process_that_has_evaluated_much_is_replaced(evaluators: Evaluators) -> None:
    given(evaluators, SAMPLE)
    (first,) = active_children()
    given(evaluators, SAMPLE.ljust(17 * 1024 * 1024))
    given(evaluators, SAMPLE)
    (second,) = active_children()

    assert second.pid != first.pid


def test_a_lost_answer_is_a_503_that_says_when_to_send_it_again(
    site: Site, evaluators: Evaluators
) -> None:
    with ThreadPoolExecutor() as callers:
        asked = callers.submit(post, create_app(site, evaluators=evaluators), SAMPLE)
        while not active_children():
            pass
        (process,) = active_children()
        kill(process, None)
        answer = asked.result()

    assert answer.status_code == 503
    assert issue_of(answer)["code"] == "transient"
    assert "never means" in issue_of(answer)["details"]["text"]
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(("least", "processes"), [(len(SAMPLE), 1), (len(SAMPLE) + 1, 0)])
def test_bodies_from_a_size_on_are_evaluated_elsewhere(
    site: Site, least: int, processes: int
) -> None:
    evaluators = Evaluators(site, 1, least)

    assert post(create_app(site, evaluators=evaluators), SAMPLE).status_code == 200
    assert len(active_children()) == processes
    evaluators.close()
