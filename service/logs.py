"""Log lines: JSON on standard error, and only what is on a list.

Patient data can sit in any value that passes through the service, in the message of
an exception too. So a line holds the keys of ALLOWED and nothing else; an
exception is told by its class and the places in the code it came through.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

ALLOWED = frozenset(
    {
        "event",  # what happened; always a literal in our code
        "level",
        "timestamp",
        "exit_code",  # of a process; below zero, the signal that ended it
        "error_id",  # told to the caller of a request that failed inside
        "exception",  # class name
        "places",  # file, line and function, from the outermost
        "request_id",
        "key_name",  # of the caller's API key, as the site named it
        "keys",  # how many
        "faults",  # of a file of the site's own, in words of our code
        "method",
        "route",  # as declared, never as called: a URL may name a patient
        "status",
        "ms",
        "body_bytes",
        "patients",
        "flags",
        "host",
        "port",
        "service_version",
        "rules_version",
        "rules_digest",
        "logger",
    }
)

_Event = MutableMapping[str, Any]


def keep_allowed(_logger: object, _method: str, event: _Event) -> Mapping[str, Any]:
    """The line without every key that is not on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


class FailedElsewhere(Exception):  # noqa: N818 - it is not this that failed
    """A failure in another process; `told` is what that told of it."""

    def __init__(self, told: dict[str, object]) -> None:
        super().__init__(told)
        self.told = told


def told(error: BaseException) -> dict[str, object]:
    """An exception as log keys: its class and its places, never its message."""
    if isinstance(error, FailedElsewhere):
        return error.told
    places = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return {"exception": type(error).__name__, "places": places}


def _tell_foreign(_logger: object, _method: str, event: _Event) -> _Event:
    """A library's line: its template without what was filled in, its exception without message."""
    record = event["_record"]
    event["event"] = str(record.msg).partition("\n")[0]
    if record.exc_info and record.exc_info[1]:
        event.update(told(record.exc_info[1]))
    return event


def configure(level: str) -> None:
    """Sends this process's log lines, those of the libraries too, to standard error."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, _tell_foreign],
            processors=[keep_allowed, structlog.processors.JSONRenderer()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
