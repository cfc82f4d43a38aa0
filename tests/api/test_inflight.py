import asyncio
import gc
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from multiprocessing import active_children

import httpx
import pytest
from fastapi import Request
from msgspec import structs

from service import logs
from service.api.app import create_app
from service.api.evaluating import evaluated
from service.api.evaluators import Evaluators
from service.api.inflight import InFlight, within
from service.api.limits import Limits
from service.api.refusals import Refusal
from service.evaluation import Asked, Site, answer
from tests.api.client import FHIR_JSON, FLAG_CAUSES, issue_of, post

CLOCK = datetime(2026, 11, 21, 8, tzinfo=UTC)
PATIENT = b'{"resourceType": "Patient", "id": "p"}'


def test_more_requests_than_may_be_in_flight_are_told_to_come_back(site: Site) -> None:
    app = create_app(site, limits=Limits(in_flight=2))
    go_on = asyncio.Event()
    waiting = asyncio.Semaphore(0)

    async def held() -> AsyncIterator[bytes]:
        waiting.release()
        await go_on.wait()
        yield PATIENT

    async def talk() -> tuple[list[httpx.Response], dict[str, httpx.Response]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

            async def ask(body: object) -> httpx.Response:
                headers = {"Content-Type": FHIR_JSON}
                return await client.post(FLAG_CAUSES, content=body, headers=headers)  # type: ignore[arg-type]

            first = [asyncio.create_task(ask(held())) for _ in range(2)]
            for _ in first:
                await waiting.acquire()
            meanwhile = {
                "evaluation": await ask(PATIENT),
                "rules": await client.get("/rules"),
                "healthz": await client.get("/healthz"),
                "readyz": await client.get("/readyz"),
            }
            go_on.set()
            answers = [await one for one in first]
            meanwhile["later"] = await ask(PATIENT)
            return answers, meanwhile

    answers, meanwhile = asyncio.run(talk())

    assert {one.status_code for one in answers} == {200}
    assert meanwhile["evaluation"].status_code == 429
    assert meanwhile["evaluation"].headers["retry-after"] == "1"
    assert issue_of(meanwhile["evaluation"])["code"] == "throttled"
    assert meanwhile["evaluation"].headers["cache-control"] == "no-store"
    assert meanwhile["rules"].status_code == 429
    assert meanwhile["healthz"].status_code == 200
    assert meanwhile["readyz"].status_code == 200
    assert meanwhile["later"].status_code == 200


def test_a_request_that_fails_gives_its_place_back(site: Site) -> None:
    app = create_app(site, limits=Limits(in_flight=1))

    for _ in range(3):
        assert post(app, b"no json").status_code == 400


def test_an_evaluation_that_takes_too_long_is_refused_and_never_means_nothing(site: Site) -> None:
    hurried = create_app(site, limits=Limits(evaluation_seconds=1e-9))

    # Strict handling takes longest, and so never keeps others waiting.
    answered = post(hurried, PATIENT, headers={"Prefer": "handling=strict"})

    assert answered.status_code == 504
    assert issue_of(answered)["code"] == "timeout"
    assert 'never means "nothing to flag"' in issue_of(answered)["details"]["text"]


def test_an_evaluation_in_time_gives_what_it_gives() -> None:
    async def evaluation() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    in_flight = InFlight(1)
    assert asyncio.run(within(60, evaluation(), in_flight)).year == 2026
    assert in_flight.taken == 0


def test_a_failure_in_time_fails() -> None:
    async def evaluation() -> None:
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        asyncio.run(within(60, evaluation(), InFlight(1)))


async def until_it_ends() -> None:
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    # One more turn, in which what waits for its end is told.
    await asyncio.sleep(0)


def test_an_evaluation_that_was_given_up_is_cancelled() -> None:
    in_flight = InFlight(1)

    async def give_up() -> None:
        async def evaluation() -> None:
            await asyncio.Event().wait()

        with pytest.raises(Refusal):
            await within(0.001, evaluation(), in_flight)
        await until_it_ends()
        assert in_flight.taken == 0

    asyncio.run(give_up())


def test_one_in_a_process_ends_with_it_and_leaves_the_place_to_others(site: Site) -> None:
    """Else a few bodies that take forever would hold all processes."""
    evaluators, in_flight = Evaluators(site, 1, 1), InFlight(1)

    async def give_up() -> bytes:
        with pytest.raises(Refusal):
            await within(0.001, evaluators.answer(PATIENT, Asked(), CLOCK), in_flight)
        await until_it_ends()
        assert in_flight.taken == 0
        assert active_children() == []
        return await within(60, evaluators.answer(PATIENT, Asked(), CLOCK), in_flight)

    try:
        assert asyncio.run(give_up()) == answer(site, PATIENT, Asked(), CLOCK)
    finally:
        evaluators.close()


def give_up_in_a_thread(site: Site, body: bytes) -> None:
    request = Request({"type": "http", "app": create_app(site)})
    in_flight = InFlight(1)

    async def give_up() -> None:
        with pytest.raises(Refusal):
            await within(1e-9, evaluated(request, body, Asked(strict=True), CLOCK), in_flight)
        assert in_flight.taken == 1
        await until_it_ends()
        assert in_flight.taken == 0

    asyncio.run(give_up())
    gc.collect()


def test_one_in_a_thread_keeps_its_place_until_the_thread_is_done(site: Site) -> None:
    give_up_in_a_thread(site, PATIENT)


def test_what_fails_after_it_was_given_up_is_told_without_patient_data(
    site: Site, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def assess(self, *_: object) -> object:
            raise ValueError("Jane Doe")

    logs.configure("info")

    give_up_in_a_thread(structs.replace(site, engine=Broken()), PATIENT)

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("exception") for line in lines] == ["ValueError", None]
    assert "Doe" not in str(lines) + caplog.text


def test_an_evaluation_that_was_given_up_keeps_its_place_until_it_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info")
    in_flight = InFlight(1)

    async def give_up() -> None:
        go_on, gone_on = asyncio.Event(), asyncio.Event()

        async def evaluation() -> None:
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                await go_on.wait()
            gone_on.set()
            raise ValueError("Jane Doe")

        with pytest.raises(Refusal) as refused:
            await within(0.001, evaluation(), in_flight)
        assert refused.value.status_code == 504
        assert in_flight.taken == 1
        go_on.set()
        await gone_on.wait()
        # One more turn, in which what waits for its end is told.
        await asyncio.sleep(0)

    asyncio.run(give_up())
    assert in_flight.taken == 0

    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "an evaluation that was given up has ended"
    assert line["exception"] == "ValueError"
    assert "Doe" not in str(line)
