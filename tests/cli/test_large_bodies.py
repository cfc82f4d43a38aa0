"""myoflag serve while a large body is evaluated: others are answered, and nothing is lost."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.settings import shipped
from tests.benchmarks.bundles import bundle
from tests.cli.served import Served, serving

SAMPLE = (shipped("fhir_samples") / "hyponatremia-alcohol-use-disorder.json").read_bytes()
#: A little more than MYOFLAG_LARGE_BODY_BYTES at its default.
LARGE = bundle(1_000)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as started:
        yield started


def evaluator_of(served: Served) -> int:
    """The process that evaluates large bodies."""
    (pid,) = [pid for pid, line in served.offspring().items() if "spawn_main" in line]
    return pid


def test_a_small_body_needs_no_other_process() -> None:
    with serving() as served:
        assert served.post(SAMPLE).status_code == 200
        assert not served.offspring()


def test_others_are_answered_while_a_large_body_is_evaluated(served: Served) -> None:
    expected = served.post(LARGE, now="2026-11-21").content
    evaluator = evaluator_of(served)
    with ThreadPoolExecutor() as callers:
        os.kill(evaluator, signal.SIGSTOP)
        try:
            first = callers.submit(served.post, LARGE, now="2026-11-21")
            second = callers.submit(served.post, LARGE, now="2026-11-21")
            assert served.get("/healthz").status_code == 200
            assert served.get("/readyz").status_code == 200
            assert served.post(SAMPLE).status_code == 200
            assert not first.done()
            assert not second.done()
        finally:
            os.kill(evaluator, signal.SIGCONT)

        assert [first.result().content, second.result().content] == [expected] * 2
    assert evaluator_of(served) == evaluator


def test_the_answer_is_the_one_that_the_server_itself_would_give(served: Served) -> None:
    with serving(MYOFLAG_LARGE_BODY_PROCESSES="0") as alone:
        expected = alone.post(LARGE, now="2026-11-21")
        assert not alone.offspring()

    told = served.post(LARGE, now="2026-11-21")
    assert told.content == expected.content
    assert told.headers["content-type"] == expected.headers["content-type"]


def test_a_large_body_that_is_refused_is_refused_as_a_small_one(served: Served) -> None:
    answer = served.post(b"[" + b" " * len(LARGE) + b"]")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "structure"


def test_the_answer_is_made_although_all_processes_are_told_to_end() -> None:
    """As a service manager does, and control and C on a terminal."""
    with serving(MYOFLAG_LARGE_BODY_BYTES="1") as served, ThreadPoolExecutor() as callers:
        expected = served.post(SAMPLE, now="2026-11-21").content
        evaluator = evaluator_of(served)
        os.kill(evaluator, signal.SIGINT)
        assert served.post(SAMPLE, now="2026-11-21").content == expected
        assert evaluator_of(served) == evaluator

        os.kill(evaluator, signal.SIGSTOP)
        answered = callers.submit(served.post, SAMPLE, now="2026-11-21")
        os.kill(evaluator, signal.SIGTERM)
        os.kill(evaluator, signal.SIGCONT)
        assert answered.result().content == expected
        assert evaluator_of(served) != evaluator
