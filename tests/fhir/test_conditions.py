from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.fhir.conditions import settle
from service.fhir.issues import Issues, Spot
from service.fhir.patients import Recorded
from service.fhir.reading import ReadingOptions
from service.record import Moment, Problem, Source
from tests.fhir.sent import (
    CLOCK,
    SNOMED,
    coding,
    condition,
    intake,
    patient,
    problem,
    record,
    said,
    told,
)


def _status(code: str | None) -> dict[str, Any] | None:
    return coding(code, "condition-status") if code else None


def _problems(**more: object) -> list[str]:
    return [one.problem for one in record(patient(), condition(**more)).problems]


@pytest.mark.parametrize("shape", ["concept", "plain"])
@pytest.mark.parametrize(
    ("status", "active"),
    [
        ("active", True),
        ("recurrence", True),
        ("relapse", True),
        ("inactive", False),
        ("remission", False),
        ("resolved", False),
        ("Active", True),
        ("55561003", True),
        ("413322009", False),
    ],
)
def test_the_clinical_status_says_whether_a_problem_is_active(
    status: str, active: bool, shape: str
) -> None:
    found = problem(condition(clinicalStatus=status if shape == "plain" else _status(status)))
    assert (found.active, found.marks) == (active, () if active else ("past",))


@pytest.mark.parametrize("shape", ["concept", "plain"])
@pytest.mark.parametrize(
    ("status", "confirmed"),
    [
        ("confirmed", True),
        ("unconfirmed", False),
        ("provisional", False),
        ("differential", False),
        ("unknown", False),
    ],
)
def test_the_verification_status_says_whether_a_problem_is_confirmed(
    status: str, confirmed: bool, shape: str
) -> None:
    found = problem(condition(verificationStatus=status if shape == "plain" else _status(status)))
    assert (found.confirmed, found.marks) == (confirmed, () if confirmed else ("unconfirmed",))


@pytest.mark.parametrize("status", ["refuted", "entered-in-error", "Refuted"])
def test_a_refuted_or_mistaken_diagnosis_is_told_and_not_used(status: str) -> None:
    assert _problems(verificationStatus=_status(status)) == []
    issue = told("does not count", patient(), condition(verificationStatus=status))
    assert (issue.severity, issue.expression) == (
        "information",
        ("Bundle.entry[1].resource.verificationStatus",),
    )


def test_a_missing_verification_status_is_confirmation_enough() -> None:
    assert problem(condition(verificationStatus=None)).confirmed


@pytest.mark.parametrize(
    ("element", "marks"),
    [("clinicalStatus", ()), ("verificationStatus", ("unconfirmed",))],
)
def test_a_status_that_is_none_of_fhirs_is_a_warning(element: str, marks: tuple[str, ...]) -> None:
    sent = condition(**{element: _status("nonsense")})
    assert problem(sent).marks == marks
    assert told(element, sent).severity == "warning"


ABATED = [
    {"abatementDateTime": "2020-01-01"},
    {"abatementDateTime": "2020-02-30"},
    {"abatementPeriod": {"end": "2020-01-01"}},
    {"abatementPeriod": {}},
    {"abatementAge": {"value": 30}},
    {"abatementRange": {}},
    {"abatementString": "last year"},
    {"abatementBoolean": True},
]


@pytest.mark.parametrize("abatement", ABATED)
def test_an_abatement_says_that_a_problem_is_over(abatement: dict[str, Any]) -> None:
    without = problem(condition(clinicalStatus=None, **abatement))
    assert (without.active, without.marks) == (False, ("past",))
    against = condition(**abatement)
    assert not problem(against).active
    assert told("abatement", against).severity == "warning"


@pytest.mark.parametrize(
    "abatement",
    [
        {},
        {"abatementBoolean": False},
        {"abatementDateTime": "2027-01-01"},
        {"abatementDateTime": None},
    ],
)
def test_without_an_abatement_that_has_come_a_problem_is_active(abatement: dict[str, Any]) -> None:
    assert problem(condition(clinicalStatus=None, **abatement)).active


def test_a_missing_clinical_status_is_told() -> None:
    assert told("no clinicalStatus", condition(clinicalStatus=None)).severity == "information"


@pytest.mark.parametrize("category", ["problem-list-item", "health-concern", None])
@pytest.mark.parametrize("recorded", ["2026-05-01", "2010-05-01", None])
def test_a_problem_of_the_list_does_not_fade(category: str | None, recorded: str | None) -> None:
    categories = [coding(category, "condition-category")] if category else None
    sent = condition(clinicalStatus=None, category=categories, recordedDate=recorded)
    assert problem(sent).active


@pytest.mark.parametrize(
    ("times", "active"),
    [
        ({"recordedDate": "2026-05-01"}, True),
        ({"recordedDate": "2025-05-11"}, True),
        ({"recordedDate": "2025-05-08"}, False),
        ({"onsetDateTime": "2010", "recordedDate": "2026-05-01"}, True),
        ({"onsetDateTime": "2010"}, False),
        ({}, True),
    ],
)
def test_the_diagnosis_of_an_encounter_without_a_status_fades(
    times: dict[str, Any], active: bool
) -> None:
    encounter = [coding("encounter-diagnosis", "condition-category")]
    assert problem(condition(clinicalStatus=None, category=encounter, **times)).active is active
    assert problem(condition(category=encounter, **times)).active


@pytest.mark.parametrize(
    ("onset", "text"),
    [
        ({"onsetDateTime": "2020-05"}, "2020-05"),
        ({"onsetPeriod": {"start": "2020", "end": "2021"}}, "2020"),
        ({"onsetPeriod": {"end": "2021"}}, None),
        ({"onsetDateTime": "2020-02-30"}, None),
        ({"onsetAge": {"value": 30}}, None),
        ({"onsetString": "as a child"}, None),
        ({}, None),
    ],
)
def test_the_onset_is_when_a_problem_began(onset: dict[str, Any], text: str | None) -> None:
    found = problem(condition(**onset)).onset
    assert (found.text if found else None) == text


@pytest.mark.parametrize(
    "onset", [{"onsetAge": {"value": 30}}, {"onsetRange": {}}, {"onsetString": "x"}]
)
def test_an_onset_that_is_no_date_is_told(onset: dict[str, Any]) -> None:
    assert told("onset", condition(**onset)).severity == "information"


@pytest.mark.parametrize("element", ["recordedDate", "assertedDate"])
def test_a_problem_knows_when_it_was_recorded(element: str) -> None:
    found = problem(condition(**{element: "2026-04-01"})).recorded
    assert found
    assert found.text == "2026-04-01"
    assert told("no such day", condition(**{element: "2026-02-30"})).expression == (
        f"Condition.{element}",
    )


def test_a_known_name_without_a_known_code_is_weaker_evidence() -> None:
    sent = condition(code={"text": "Coeliac disease"}, verificationStatus=_status("provisional"))
    assert problem(sent).marks == ("by-name", "unconfirmed")
    assert told("by its name", sent).severity == "information"


@pytest.mark.parametrize(
    ("code", "word", "severity"),
    [
        (None, "no code", "information"),
        ({"text": "Gout"}, "No rule uses", "information"),
        ({"text": "FH: celiac disease"}, "leave it open", "information"),
        ({"text": "FH: alcoholism"}, "No rule uses", "information"),
        (coding("90560007", SNOMED), "No rule uses", "information"),
        (coding("396331005", SNOMED, text="FH: Celiac disease"), "deny", "warning"),
        (coding("396331005", SNOMED, text="No celiac disease"), "deny", "warning"),
    ],
)
def test_what_names_no_problem_of_the_patient_is_told(
    code: dict[str, Any] | None, word: str, severity: str
) -> None:
    assert _problems(code=code) == []
    assert told(word, patient(), condition(code=code)).severity == severity


@pytest.mark.parametrize(
    ("status", "confirmed"), [(None, False), ("confirmed", True), ("provisional", False)]
)
def test_a_suspicion_in_words_is_unconfirmed_unless_the_status_confirms_it(
    status: str | None, confirmed: bool
) -> None:
    suspected = coding("396331005", SNOMED, text="Suspected celiac disease")
    sent = condition(code=suspected, verificationStatus=_status(status))
    assert problem(sent).confirmed is confirmed


def test_a_suspicion_in_words_that_the_status_confirms_is_warned_of() -> None:
    words = coding("396331005", SNOMED, text="possible celiac disease?")
    sent = condition(code=words, verificationStatus=_status("confirmed"))

    issue = told("the status was believed", patient(), sent)

    assert (issue.severity, issue.code) == ("warning", "conflict")
    assert issue.expression == ("Bundle.entry[1].resource.verificationStatus",)


@pytest.mark.parametrize(
    ("elements", "is_missed"),
    [
        ({}, True),
        ({"onsetString": "in childhood"}, True),
        ({"onsetDateTime": "2020"}, False),
        ({"recordedDate": "2020"}, False),
        ({"clinicalStatus": coding("resolved", "x")}, False),
    ],
)
def test_that_nothing_tells_when_a_problem_began_is_told(
    elements: dict[str, Any], is_missed: bool
) -> None:
    dated = {"onsetDateTime": None, "recordedDate": None, **elements}
    found = said(intake(patient(), condition(**dated)).issues, "since when the problem")

    assert [one.expression for one in found] == [("Bundle.entry[1].resource",)] * is_missed


def test_a_condition_that_is_not_understood_is_not_used() -> None:
    assert _problems(modifierExtension=[{"url": "x"}]) == []


def test_a_code_of_two_problems_is_both() -> None:
    both = {
        "coding": [*coding("396331005", SNOMED)["coding"], *coding("17450006", SNOMED)["coding"]]
    }
    assert _problems(code=both) == ["celiac-disease", "myoclonus"]


def test_conditions_are_counted_whether_used_or_not() -> None:
    found = record(patient(), condition(), condition(code={"text": "Gout"}))
    assert (found.tally.conditions, found.tally.problems) == (2, 1)


def test_a_condition_of_nobody_is_told() -> None:
    found = intake(patient(), condition(subject=None))
    assert found.records[0].problems == ()
    assert [issue.severity for issue in found.issues] == ["warning"]


def test_what_a_problem_was_called_goes_with_it() -> None:
    found = problem(condition(id="c", code=coding("396331005", SNOMED, text="Sprue")))
    assert (found.text, found.source.reference) == ("Sprue", "Condition/c")


def _spot() -> Spot:
    return Spot(Issues(), "", "")


def _moment(days: float) -> Moment:
    at = CLOCK + timedelta(days=days)
    return Moment("x", at, at)


@pytest.mark.parametrize(("days", "active"), [(-1, False), (0, False), (1, True)])
def test_a_problem_is_over_from_its_abatement_on(days: float, active: bool) -> None:
    found = Problem("celiac-disease", Source("Condition", "", ""))
    settled = settle(Recorded(found, abated=_moment(days)), CLOCK, _spot())
    assert settled
    assert settled.active is active


def test_a_problem_that_is_past_already_is_not_marked_twice() -> None:
    past = Problem("celiac-disease", Source("Condition", "", ""), active=False, marks=("past",))
    assert settle(Recorded(past, abated=_moment(-1)), CLOCK, _spot()) is past


def test_whether_a_diagnosis_has_faded_depends_on_the_moment_of_judgement() -> None:
    encounter = [coding("encounter-diagnosis", "condition-category")]
    sent = condition(clinicalStatus=None, category=encounter, recordedDate="2015-03-01")
    then = ReadingOptions(clock=CLOCK, moment=datetime(2015, 6, 1, tzinfo=UTC))
    assert record(sent, options=then).problems[0].active
    assert not record(sent).problems[0].active


@pytest.mark.parametrize("element", ["onsetDateTime", "recordedDate", "assertedDate"])
def test_a_problem_of_later_does_not_count_and_is_told(element: str) -> None:
    sent = condition(**{element: "2027-01-01"})
    assert _problems(**{element: "2027-01-01"}) == []
    issue = told("after the moment", patient(), sent)
    assert (issue.severity, issue.expression) == ("warning", ("Bundle.entry[1].resource",))


@pytest.mark.parametrize("element", ["onsetDateTime", "recordedDate"])
@pytest.mark.parametrize("when", ["2026", "2026-05", "2026-05-10", "2026-05-10T12:00:00Z"])
def test_a_problem_that_may_be_known_by_now_counts(element: str, when: str) -> None:
    assert intake(patient(), condition(**{element: when})).issues == ()
    assert _problems(**{element: when}) == ["celiac-disease"]


def test_a_replay_is_not_judged_with_later_diagnoses() -> None:
    sent = condition(onsetDateTime="2020-01-01", recordedDate="2026-05-01")
    then = ReadingOptions(clock=CLOCK, moment=datetime(2026, 4, 1, tzinfo=UTC))
    assert record(sent, options=then).problems == ()
    assert record(sent).problems


@pytest.mark.parametrize(
    "more",
    [
        {"clinicalStatus": _status("resolved")},
        {"clinicalStatus": _status("inactive")},
        {"clinicalStatus": _status("remission")},
        {"clinicalStatus": None, "abatementBoolean": True},
        {"clinicalStatus": None, "abatementDateTime": "2026-01-01"},
    ],
)
def test_a_problem_that_is_past_is_told(more: dict[str, Any]) -> None:
    issue = told("not active", patient(), condition(**more))
    assert (issue.severity, issue.expression) == ("information", ("Bundle.entry[1].resource",))


@pytest.mark.parametrize("status", ["unconfirmed", "provisional", "differential"])
def test_a_problem_that_is_not_confirmed_is_told(status: str) -> None:
    issue = told("not confirmed", condition(verificationStatus=_status(status)))
    assert (issue.severity, issue.expression) == ("information", ("Condition",))


def test_problems_that_are_past_are_told_in_one_issue() -> None:
    past = [condition(clinicalStatus=_status(status)) for status in ("resolved", "inactive")]
    assert len(told("not active", patient(), *past).expression) == 2


@pytest.mark.parametrize(
    ("status", "active"),
    [("Resolved", False), (" inactive ", False), ("In Remission", False), ("Chronic", True)],
)
def test_a_clinical_status_in_words_is_read_where_fhir_has_the_word(
    status: str, active: bool
) -> None:
    sent = condition(clinicalStatus={"text": status})
    assert problem(sent).active is active
    told_of = [one.severity for one in intake(sent).issues if "none of FHIR" in one.text]
    assert told_of == (["warning"] if status == "Chronic" else [])


@pytest.mark.parametrize(
    ("status", "counts", "confirmed"),
    [
        ("Confirmed", True, True),
        ("Provisional", True, False),
        ("Entered in error", False, False),
        ("Refuted", False, False),
        ("sort of", True, False),
    ],
)
def test_a_verification_status_in_words_is_read_where_fhir_has_the_word(
    status: str, counts: bool, confirmed: bool
) -> None:
    found = record(patient(), condition(verificationStatus={"text": status})).problems
    assert [one.confirmed for one in found] == ([confirmed] if counts else [])


@pytest.mark.parametrize(
    "status",
    [
        {"coding": [{"code": "active"}, {"code": "resolved"}]},
        {"coding": [{"code": "active"}], "text": "Resolved"},
        {"coding": [{"code": "inactive"}, {"code": "recurrence"}]},
    ],
)
def test_a_clinical_status_that_contradicts_itself_is_past_and_a_warning(
    status: dict[str, Any],
) -> None:
    sent = condition(clinicalStatus=status)
    assert not problem(sent).active
    assert told("both", sent).severity == "warning"


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ({"coding": [{"code": "confirmed"}, {"code": "refuted"}]}, False),
        ({"coding": [{"code": "confirmed"}, {"code": "provisional"}]}, True),
        ({"coding": [{"code": "confirmed"}], "text": "Unconfirmed"}, True),
    ],
)
def test_a_verification_status_that_contradicts_itself_is_not_confirmed_and_a_warning(
    status: dict[str, Any], counts: bool
) -> None:
    sent = condition(verificationStatus=status)
    found = record(patient(), sent).problems
    assert [one.confirmed for one in found] == ([False] if counts else [])
    assert told("both", patient(), sent).severity == "warning"


@pytest.mark.parametrize(
    "code",
    [
        coding("396331005", SNOMED, text="sister has celiac disease"),
        {"coding": [{"system": SNOMED, "code": "396331005", "display": "No celiac disease"}]},
        coding("396331005", SNOMED, text="Celiac disease NOT confirmed"),
    ],
)
def test_words_that_deny_a_code_are_a_warning(code: dict[str, Any]) -> None:
    assert _problems(code=code) == []
    assert told("deny", patient(), condition(code=code)).severity == "warning"
