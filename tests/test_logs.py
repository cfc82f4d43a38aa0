"""No patient data can slip into a log line, whatever passes through."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from service import logs

PATIENT = "Jane Doe, born 1970-01-01"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail() -> None:
    raise ValueError(PATIENT)


def test_a_key_that_is_not_on_the_list_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.stdlib.get_logger().info("request", status=200, name=PATIENT)

    (line,) = lines(capsys)
    assert line["status"] == 200
    assert PATIENT not in str(line)


def test_an_exception_is_told_by_its_class_and_places_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info")
    try:
        fail()
    except ValueError as error:
        structlog.stdlib.get_logger().error("failed", **logs.told(error))

    (line,) = lines(capsys)
    assert line["exception"] == "ValueError"
    assert str(line["places"]).count("test_logs.py") == 2
    assert PATIENT not in str(line)


def test_a_librarys_line_tells_its_template_and_not_what_was_filled_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info")
    try:
        fail()
    except ValueError:
        logging.getLogger("some.library").exception("could not read %s\nbecause", PATIENT)

    (line,) = lines(capsys)
    assert line["event"] == "could not read %s"
    assert line["exception"] == "ValueError"
    assert PATIENT not in str(line)


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")

    structlog.stdlib.get_logger().info("request", status=200)
    logging.getLogger("some.library").info("hello")

    assert lines(capsys) == []


@given(st.dictionaries(st.text(), st.text()))
def test_a_line_holds_no_key_that_is_not_on_the_list(event: dict[str, object]) -> None:
    assert set(logs.keep_allowed(None, "info", event)) <= logs.ALLOWED
