"""The assessment as it is told: in order, each thing once, with what to check next."""

from service.engine import Engine
from service.knowledge.model import Knowledge
from service.record import Assessment, Check, Problem, Result, Treatment
from tests.engine.small import (
    NOW,
    ago,
    day,
    link,
    linked,
    problem,
    record,
    result,
    rules,
    treatment,
)

LOW = result("sodium", "118 mmol/L")
MILD = result("sodium", "133 mmol/L")
CELIAC = problem("celiac-disease")
IF_LOW, IF_CELIAC = "{finding: hyponatremia}", "{problem: celiac-disease}"


def assess(knowledge: Knowledge, *pieces: Result | Problem | Treatment) -> Assessment:
    with Engine(knowledge) as engine:
        return engine.assess(record(*pieces))


def of(name: str, effect: str, when: str, more: str = "", cause: str = "hyponatremia") -> str:
    return link(name, f"cause: {cause}\n{effect}", when, more)


def order(*links: str) -> list[str]:
    """The order of causes for mild hyponatremia, high urea, celiac disease and two medicines."""
    medicines = treatment("gabapentin"), treatment("pregabalin")
    urea = result("urea", "30 mmol/L")
    return [cause.cause for cause in assess(linked(*links), MILD, CELIAC, urea, *medicines).causes]


def test_an_empty_record_gives_an_empty_assessment() -> None:
    assessment = assess(linked(of("a", "strength: strong", IF_LOW)))
    assert assessment.causes == ()
    assert assessment.findings == ()
    assert assessment.issues == ()


def test_a_rule_set_without_links_assesses_all_the_same() -> None:
    assessment = assess(rules(), LOW)
    assert assessment.causes == ()
    assert [finding.finding for finding in assessment.findings] == ["hyponatremia"]


def test_the_assessment_is_of_its_patient_and_moment() -> None:
    assessment = assess(rules(), LOW)
    assert assessment.patient.key == "p"
    assert assessment.moment == NOW


def test_findings_are_told_whether_they_name_a_cause_or_not() -> None:
    assessment = assess(rules(), MILD, result("glucose", "2.5 mmol/L"), result("urea", "30 mmol/L"))
    assert [f.finding for f in assessment.findings] == ["hypoglycemia", "hyponatremia", "uremic"]


def test_more_pressing_causes_come_first_then_stronger_ones() -> None:
    weak = of("a", "strength: weak", IF_CELIAC, cause="uremia")
    moderate = of("b", "strength: moderate", IF_CELIAC)
    strong = of("c", "strength: strong", IF_CELIAC, cause="hypoglycemia")
    assert order(weak, moderate, strong) == ["hypoglycemia", "hyponatremia", "uremia"]


def test_of_equal_causes_the_kind_decides_and_then_the_id() -> None:
    causes = ["b12-deficiency", "hypoglycemia", "hyponatremia", "uremia"]
    links = [of(cause, "strength: weak", IF_CELIAC, cause=cause) for cause in causes]
    medicine = of("m", "strength: weak", "{treatment: gabapentinoids}", cause='"drug-{agent}"')
    assert order(*links, medicine) == [
        "drug-gabapentin",
        "drug-pregabalin",
        "uremia",
        "hyponatremia",
        "hypoglycemia",
        "b12-deficiency",
    ]


def test_what_lies_downstream_comes_after_its_equals() -> None:
    upstream = of("a", "strength: weak", IF_CELIAC, "upstream_of: [uremia]")
    downstream = of("b", "strength: weak", IF_CELIAC, cause="uremia")
    assert order(upstream, downstream) == ["hyponatremia", "uremia"]
    assert order(of("a", "strength: weak", IF_CELIAC), downstream) == ["uremia", "hyponatremia"]


def test_downstream_of_is_told_only_of_causes_that_are_named() -> None:
    upstream = of("a", "strength: weak", IF_CELIAC, "upstream_of: [uremia, hypoglycemia]")
    downstream = of("b", "strength: weak", IF_CELIAC, cause="uremia")
    causes = {cause.cause: cause for cause in assess(linked(upstream, downstream), CELIAC).causes}
    assert causes["uremia"].downstream_of == ("hyponatremia",)
    assert causes["hyponatremia"].downstream_of == ()
    (alone,) = assess(linked(downstream), CELIAC).causes
    assert alone.downstream_of == ()


def test_a_link_that_speaks_against_a_cause_does_not_put_others_downstream() -> None:
    links = [
        of("a", "strength: weak", IF_CELIAC),
        of("b", "against: 1", IF_CELIAC, "upstream_of: [uremia]"),
        of("c", "strength: weak", IF_CELIAC, cause="uremia"),
    ]
    assert {cause.downstream_of for cause in assess(linked(*links), CELIAC).causes} == {()}


def test_downstream_of_an_absorbed_cause_is_downstream_of_the_one_that_tells_it() -> None:
    links = [
        of("a", "strength: weak", IF_CELIAC),
        of(
            "b",
            "strength: weak",
            IF_CELIAC,
            "subsumed_by: hyponatremia\nupstream_of: [uremia, hyponatremia]",
            "hypoglycemia",
        ),
        of("c", "strength: weak", IF_CELIAC, cause="uremia"),
    ]
    causes = {cause.cause: cause for cause in assess(linked(*links), CELIAC).causes}
    assert causes["uremia"].downstream_of == ("hyponatremia",)
    assert causes["hyponatremia"].downstream_of == ()


def test_links_are_told_supporting_first_and_the_strongest_of_them_first() -> None:
    links = [
        of("a", "against: 1", IF_LOW),
        of("b", "strengthens: 2", IF_LOW),
        of("c", "strength: weak", IF_LOW),
        of("d", "strength: strong", IF_LOW),
        of("e", "strength: weak", IF_LOW),
    ]
    (cause,) = assess(linked(*links), MILD).causes
    told = [(fired.link, fired.effect, fired.strength, fired.steps) for fired in cause.links]
    assert told == [
        ("d", "supports", "strong", 0),
        ("c", "supports", "weak", 0),
        ("e", "supports", "weak", 0),
        ("b", "strengthens", None, 2),
        ("a", "against", None, 1),
    ]


def test_evidence_of_a_cause_is_all_that_supports_it_once_and_nothing_that_speaks_against() -> None:
    links = [
        of("a", "strength: weak", IF_LOW),
        of("b", "strengthens: 1", "{all: [{finding: hyponatremia}, {problem: celiac-disease}]}"),
        of("c", "against: 1", "{normal: chloride}"),
    ]
    chloride = result("chloride", "100 mmol/L")
    (cause,) = assess(linked(*links), MILD, CELIAC, chloride).causes
    assert [type(piece).__name__ for piece in cause.evidence] == ["Finding", "Problem"]
    assert [type(piece).__name__ for piece in cause.links[-1].evidence] == ["Normal"]


def test_what_to_check_next_is_that_of_the_cause_and_then_of_its_links_each_once() -> None:
    links = [
        of("a", "strength: strong", IF_LOW, "check_next: [glucose, sodium, TSH]"),
        of("b", "strength: weak", IF_LOW, "check_next: [TSH, chloride]"),
        of("c", "strength: weak", "{problem: crohn-disease}", "check_next: [urea]"),
    ]
    (cause,) = assess(linked(*links), MILD, result("glucose")).causes
    assert cause.check_next == (
        Check("Sodium", on_file=True),
        Check("Osmolality of urine", on_file=False),
        Check("Glucose", on_file=True),
        Check("TSH", on_file=False),
        Check("Chloride", on_file=False),
    )


def test_a_result_that_does_not_count_is_not_on_file() -> None:
    knowledge = linked(of("a", "strength: weak", IF_CELIAC))
    for moment in (ago(days=30), ago(days=-1)):
        (cause,) = assess(knowledge, CELIAC, result("sodium", "140 mmol/L", moment=moment)).causes
        assert cause.check_next[0] == Check("Sodium", on_file=False)


def remarking(when: str) -> str:
    return of("a", "strength: weak", IF_CELIAC, f"remarks:\n  - {{when: {when}, say: Said.}}")


def test_a_remark_is_said_where_its_condition_holds() -> None:
    knowledge = linked(remarking("{not_measured: glucose}"))
    assert assess(knowledge, CELIAC).causes[0].remarks == ("Said.",)
    assert assess(knowledge, CELIAC, result("glucose")).causes[0].remarks == ()


def test_a_remark_may_join_conditions_and_ask_for_one_draw() -> None:
    drawn = "{all: [{finding: hyponatremia}, {normal: chloride}], same_draw: 4 h}"
    near, far = result("chloride", "100 mmol/L"), result("chloride", "100 mmol/L", moment=day(2))
    assert assess(linked(remarking(drawn)), CELIAC, LOW, near).causes[0].remarks == ("Said.",)
    assert assess(linked(remarking(drawn)), CELIAC, LOW, far).causes[0].remarks == ()
    assert assess(linked(remarking(drawn)), CELIAC, LOW).causes[0].remarks == ()


def test_a_remark_of_a_link_that_does_not_hold_is_not_said() -> None:
    knowledge = linked(remarking("{not_measured: glucose}"), of("b", "strength: weak", IF_LOW))
    (cause,) = assess(knowledge, LOW).causes
    assert cause.remarks == ()


def test_a_remark_of_two_links_is_said_once() -> None:
    twice = [
        of(name, "strength: weak", IF_CELIAC, "remarks:\n  - {when: {sex: female}, say: Once.}")
        for name in ("a", "b")
    ]
    assert assess(linked(*twice), CELIAC).causes[0].remarks == ("Once.",)


def test_what_is_not_measured_never_names_or_strengthens_a_cause() -> None:
    knowledge = linked(remarking("{not_measured: glucose}"))
    with_glucose = assess(knowledge, CELIAC, result("glucose", "5 mmol/L")).causes[0]
    without = assess(knowledge, CELIAC).causes[0]
    assert (with_glucose.strength, with_glucose.priority) == (without.strength, without.priority)
    assert assess(knowledge).causes == ()


def test_a_cause_of_the_drug_family_names_its_agent() -> None:
    medicine = of("m", "strength: weak", "{treatment: gabapentinoids}", cause='"drug-{agent}"')
    causes = assess(linked(medicine), treatment("pregabalin")).causes
    assert [(c.cause, c.agent, c.name) for c in causes] == [
        ("drug-pregabalin", "pregabalin", "Pregabalin")
    ]


def test_other_causes_have_no_agent() -> None:
    (cause,) = assess(linked(of("a", "strength: weak", IF_LOW)), LOW).causes
    assert (cause.cause, cause.agent, cause.name) == ("hyponatremia", "", "Hyponatremia")
