from service.fhir.issues import Issues, Refused, Spot, refusal
from service.record import Issue


def test_what_is_told_of_one_patient_in_the_same_words_is_one_issue() -> None:
    issues = Issues()
    issues.warning("value", "No unit.", "A", "ann")
    issues.warning("value", "No unit.", "B", "ann")
    issues.warning("value", "No unit.", "A", "ann")
    assert issues.told() == (Issue("warning", "value", "No unit.", ("A", "B"), "ann"),)


def test_what_is_told_of_two_patients_or_differently_stays_apart() -> None:
    issues = Issues()
    issues.warning("value", "No unit.", "A", "ann")
    issues.warning("value", "No unit.", "B", "ben")
    issues.information("value", "No unit.", "C", "ann")
    issues.error("value", "No unit.", "D", "ann")
    issues.warning("required", "No unit.", "E", "ann")
    issues.warning("value", "No value.", "F", "ann")
    assert [issue.expression for issue in issues.told()] == [
        ("A",),
        ("B",),
        ("C",),
        ("D",),
        ("E",),
        ("F",),
    ]


def test_an_issue_of_the_whole_request_points_at_nothing() -> None:
    issues = Issues()
    issues.information("structure", "A mark.", "")
    assert issues.told() == (Issue("information", "structure", "A mark."),)


def test_a_spot_tells_of_itself_and_of_what_is_below_it() -> None:
    issues = Issues()
    spot = Spot(issues, "Observation", "ann")
    spot.at(".component[1]").warning("value", "Odd.", ".value")
    spot.information("value", "Odd.")
    assert [(issue.severity, issue.expression) for issue in issues.told()] == [
        ("warning", ("Observation.component[1].value",)),
        ("information", ("Observation",)),
    ]


def test_a_refusal_has_a_status_and_an_error() -> None:
    refused = refusal(400, "value", "No.", "Parameters")
    assert isinstance(refused, Refused)
    assert refused.status == 400
    assert refused.issues == (Issue("error", "value", "No.", ("Parameters",)),)
