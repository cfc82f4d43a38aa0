"""Issues as a FHIR R4 OperationOutcome."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from msgspec import json

from service.fhir.wording import fit
from service.record import Issue, Severity

_GRAVITY: dict[Severity, int] = {"error": 0, "warning": 1, "information": 2}

_NUMBER = re.compile(r"(\d+)")


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The OperationOutcome of the issues, in their order; it says so where there is none."""
    written = [_issue(issue) for issue in issues]
    return {
        "resourceType": "OperationOutcome",
        "issue": written or [_issue(Issue("information", "informational", "Nothing to report."))],
    }


def write_outcome(issues: Iterable[Issue]) -> bytes:
    """The answer to a request that is refused as a whole: its issues, gravest first."""
    return json.encode(outcome(arranged(issues)))


def arranged(issues: Iterable[Issue]) -> list[Issue]:
    """Gravest first, then in the order of the request.

    Issues that say the same become one with the expressions of all; the order in which they
    come does not matter.
    """
    together: dict[tuple[Severity, str, str], set[str]] = {}
    for issue in issues:
        same = (issue.severity, issue.code, issue.text)
        together.setdefault(same, set()).update(issue.expression)
    merged = [
        Issue(severity, code, text, tuple(sorted(expressions, key=place)))
        for (severity, code, text), expressions in together.items()
    ]
    return sorted(merged, key=_order)


# An expression holds nothing of a patient, and most requests have the same.
@lru_cache(maxsize=4096)
def place(expression: str) -> tuple[tuple[str, int], ...]:
    """Where an expression points, so that entry[9] comes before entry[10]."""
    parts = _NUMBER.split(expression)
    numbers = (int(digits) for digits in parts[1::2])
    return tuple(zip(parts[::2], (*numbers, -1), strict=True))


def _order(issue: Issue) -> tuple[Any, ...]:
    first = place(issue.expression[0]) if issue.expression else ()
    return (_GRAVITY[issue.severity], first, issue.code, issue.text)


def _issue(issue: Issue) -> dict[str, Any]:
    written: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": fit(issue.text)},
    }
    expression = [fit(one) for one in issue.expression if one]
    if expression:
        written["expression"] = expression
    return written
