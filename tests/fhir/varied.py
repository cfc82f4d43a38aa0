"""Requests in the forms of real senders, and what is read of them by the shipped rules."""

from typing import Any

from service.evaluation import Site, ask, assess
from service.fhir.reading import Intake
from tests.fhir.sent import CLOCK, bundle, condition, patient, sent

ANN = patient(birthDate="1960-01-01", gender="female")
Body = dict[str, Any]


def read(site: Site, body: Body) -> Intake:
    return assess(site, sent(body), ask(site, "latest"), CLOCK).intake


def results(site: Site, body: Body) -> list[str]:
    """Each result with a number, as "analyte value unit"; one by a flag as "analyte flag"."""
    return [
        f"{one.analyte} {one.comparator}{one.amount.value:f} {one.amount.unit}"
        if one.amount
        else f"{one.analyte} {one.interpretation or 'unreadable'}"
        for record in read(site, body).records
        for one in record.results
    ]


def words(row: object) -> str:
    return row if isinstance(row, str) and len(row) < 60 else ""


def coded(*codings: tuple[str | None, str], text: str | None = None) -> Body:
    made: Body = {
        "coding": [
            {"code": code, **({"system": system} if system else {})} for system, code in codings
        ]
    }
    return {**made, "text": text} if text else made


def named(text: str, *codes: tuple[str, str]) -> Body:
    return bundle(ANN, condition(code=coded(*codes, text=text)))


def assessed(site: Site, *resources: Body) -> list[str]:
    evaluation = assess(site, sent(bundle(*resources)), ask(site, "latest"), CLOCK)
    return [cause.cause for one in evaluation.assessments for cause in one.causes]
