"""What each leaf asks of a record."""

import pytest

from service.engine.conditions import Answer, pattern_of, question_of, question_of_draw, word_of
from service.engine.conjunctions import Draw
from service.engine.laboratory import Laboratory
from service.engine.linking import Pattern
from service.engine.situation import Situation, Situations
from service.knowledge.language import Condition
from service.knowledge.quantities import parse_span
from service.record import Finding, Moment, Problem, Result, Sex, Treatment
from tests.engine.small import ago, day, problem, record, result, rules, treatment

Piece = Result | Problem | Treatment
MYOCLONUS = problem("myoclonus", onset=ago(days=10))
LOW = result("sodium", "118 mmol/L")


def situation(*pieces: Piece, age: int | None = 50, sex: Sex | None = "female") -> Situation:
    return Situations(rules(), Laboratory(rules())).of(record(*pieces, age=age, sex=sex))


def ask(
    leaf: Condition, *pieces: Piece, age: int | None = 50, sex: Sex | None = "female"
) -> Answer:
    return question_of(leaf, rules(), Laboratory(rules()))(situation(*pieces, age=age, sex=sex))


def holds(
    leaf: Condition, *pieces: Piece, age: int | None = 50, sex: Sex | None = "female"
) -> bool:
    return ask(leaf, *pieces, age=age, sex=sex) is not None


def sodium(text: str, name: str = "sodium", **more: object) -> Result:
    return result("sodium", text, name, **more)


# finding


def finding(
    at_least: str = "", within: str = "", older_than: str = "", worst_within: str = ""
) -> Condition:
    return Condition(
        finding="hyponatremia",
        at_least=at_least,
        within=within,
        older_than=older_than,
        worst_within=worst_within,
    )


@pytest.mark.parametrize(
    ("at_least", "text", "expected"),
    [
        ("", "134 mmol/L", True),
        ("", "135 mmol/L", False),
        ("mild", "134 mmol/L", True),
        ("moderate", "130 mmol/L", False),
        ("moderate", "118 mmol/L", True),
        ("profound", "129 mmol/L", False),
        ("moderate", "<134 mmol/L", False),
    ],
)
def test_a_finding_holds_from_its_grade_on(at_least: str, text: str, expected: bool) -> None:
    assert holds(finding(at_least), sodium(text)) is expected


def test_a_finding_does_not_hold_without_a_result() -> None:
    assert not holds(finding())
    assert not holds(finding(), sodium(""))


def test_a_finding_is_its_own_evidence() -> None:
    found = ask(finding(), LOW)
    assert found is not None
    (piece,) = found
    assert isinstance(piece, Finding)
    assert piece.result == LOW


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(ago(hours=72), True), (ago(hours=73), False), (day(3), True), (day(4), False), (None, False)],
)
def test_within_asks_that_the_result_be_dated_and_not_older(
    moment: Moment | None, expected: bool
) -> None:
    assert holds(finding(within="72 h"), sodium("118 mmol/L", moment=moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(ago(hours=72), False), (ago(hours=73), True), (day(3), False), (day(4), True), (None, False)],
)
def test_older_than_asks_that_the_result_be_dated_and_surely_older(
    moment: Moment | None, expected: bool
) -> None:
    assert holds(finding(older_than="72 h"), sodium("118 mmol/L", moment=moment)) is expected


def test_older_than_is_about_the_result_that_decides() -> None:
    old = sodium("118 mmol/L", "old", moment=ago(days=5))
    assert not holds(finding(older_than="72 h"), old, sodium("119 mmol/L"))
    assert not holds(finding(older_than="72 h"), old, sodium("140 mmol/L"))
    assert not holds(finding(older_than="72 h"), sodium("140 mmol/L", moment=ago(days=5)))


# worst_within


def test_the_worst_of_now_holds_though_the_newest_is_normal() -> None:
    treated = [sodium("118 mmol/L", "low", moment=ago(hours=20)), sodium("140 mmol/L")]
    assert not holds(finding(), *treated)
    assert holds(finding(worst_within="24 h of now"), *treated)
    assert not holds(finding(worst_within="12 h of now"), *treated)


def test_the_worst_looks_beyond_the_lookback() -> None:
    old = sodium("118 mmol/L", moment=ago(days=20))
    assert holds(finding(worst_within="30 d of now"), old)


@pytest.mark.parametrize("moment", [None, ago(hours=-1)])
def test_the_worst_is_neither_undated_nor_in_the_future(moment: Moment | None) -> None:
    assert not holds(finding(worst_within="30 d of now"), sodium("118 mmol/L", moment=moment))


def test_the_worst_is_readable_and_of_that_grade() -> None:
    leaf = finding("profound", worst_within="24 h of now")
    assert not holds(leaf, sodium(""))
    assert not holds(leaf, sodium("126 mmol/L"))
    assert not holds(leaf, sodium("", interpretation="L"))
    assert holds(leaf, sodium("", interpretation="LL"))


def test_the_gravest_is_the_evidence_and_of_equals_the_newest() -> None:
    results = [
        sodium("118 mmol/L", "a", moment=ago(hours=9)),
        sodium("119 mmol/L", "b", moment=ago(hours=5)),
        sodium("128 mmol/L", "c", moment=ago(hours=1)),
    ]
    found = ask(finding(worst_within="24 h of now"), *results)
    assert found is not None
    (piece,) = found
    assert isinstance(piece, Finding)
    assert piece.result == results[1]


def test_the_worst_keeps_what_is_said_of_the_result_that_decides() -> None:
    twice = [sodium("118 mmol/L", "a"), sodium("128 mmol/L", "b")]
    found = ask(finding(worst_within="24 h of now"), *twice)
    assert found == ask(finding(), *twice)
    assert found is not None
    assert isinstance(found[0], Finding)
    assert found[0].marks == ("conflicting",)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (ago(days=10), True),
        (ago(days=11), True),
        (ago(days=9), True),
        (ago(days=11, minutes=1), False),
        (ago(days=8, hours=23), False),
        (day(9), True),
    ],
)
def test_the_worst_of_the_sign_lies_near_it_on_either_side(moment: Moment, expected: bool) -> None:
    leaf = finding(worst_within="24 h of sign")
    assert holds(leaf, MYOCLONUS, sodium("118 mmol/L", moment=moment)) is expected


def test_the_worst_of_the_sign_needs_a_sign_with_a_moment() -> None:
    leaf = finding(worst_within="24 h of sign")
    assert not holds(leaf, LOW)
    assert not holds(leaf, LOW, problem("myoclonus"))
    assert not holds(leaf, LOW, problem("myoclonus", onset=ago(hours=-2)))
    assert not holds(leaf, LOW, problem("myoclonus", onset=ago(hours=2), active=False))
    assert holds(leaf, LOW, problem("myoclonus", recorded=ago(hours=2)))


def test_the_sign_of_a_whole_month_is_near_all_of_it() -> None:
    april = Moment("2026-04", day(30).earliest, day(1).latest)
    leaf = finding(worst_within="24 h of sign")
    assert holds(leaf, problem("myoclonus", onset=april), sodium("118 mmol/L", moment=day(31)))
    assert not holds(leaf, problem("myoclonus", onset=april), sodium("118 mmol/L", moment=day(32)))


# normal


def test_normal_needs_a_result_that_is_normal() -> None:
    leaf = Condition(normal="sodium")
    assert holds(leaf, sodium("140 mmol/L"))
    assert not holds(leaf)
    assert not holds(leaf, LOW)
    assert not holds(leaf, sodium("<140 mmol/L"))
    assert not holds(leaf, sodium(""))
    assert not holds(leaf, sodium("140 mmol/L", moment=ago(days=15)))


def test_normal_within_asks_that_the_result_be_dated_and_not_older() -> None:
    leaf = Condition(normal="sodium", within="72 h")
    assert holds(leaf, sodium("140 mmol/L"))
    assert not holds(leaf, sodium("140 mmol/L", moment=ago(days=4)))
    assert not holds(leaf, sodium("140 mmol/L", moment=None))


# problem


def test_a_problem_holds_by_its_id_and_by_its_group() -> None:
    celiac = problem("celiac-disease")
    assert ask(Condition(problem="celiac-disease"), celiac) == (celiac,)
    assert ask(Condition(problem="malabsorption"), celiac) == (celiac,)
    assert not holds(Condition(problem="crohn-disease"), celiac)


@pytest.mark.parametrize(
    ("including", "active", "confirmed", "expected"),
    [
        ((), True, True, True),
        ((), False, True, False),
        ((), True, False, False),
        (("past",), False, True, True),
        (("past",), True, False, False),
        (("unconfirmed",), True, False, True),
        (("unconfirmed",), False, True, False),
        (("past",), False, False, False),
        (("past", "unconfirmed"), False, False, True),
    ],
)
def test_a_past_or_unconfirmed_problem_holds_only_where_the_rule_includes_it(
    including: tuple[str, ...], active: bool, confirmed: bool, expected: bool
) -> None:
    leaf = Condition(problem="malabsorption", including=including)  # type: ignore[arg-type]
    one = problem("celiac-disease", active=active, confirmed=confirmed)
    assert holds(leaf, one) is expected


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        (ago(days=3000), True),
        (ago(days=3661), False),
        (ago(days=10), True),
        (ago(days=9), False),
        (day(10), True),
        (day(9), False),
        (None, False),
    ],
)
def test_a_problem_began_before_the_sign_and_not_too_long_before(
    onset: Moment | None, expected: bool
) -> None:
    leaf = Condition(problem="celiac-disease", began="within 3650 d before sign")
    assert holds(leaf, MYOCLONUS, problem("celiac-disease", onset=onset)) is expected


@pytest.mark.parametrize(
    ("onset", "expected"),
    [(ago(days=10), True), (ago(days=6), True), (ago(days=5), False), (ago(days=11), False)],
)
def test_a_problem_began_after_the_sign_and_not_too_long_after(
    onset: Moment, expected: bool
) -> None:
    leaf = Condition(problem="celiac-disease", began="within 4 d after sign")
    assert holds(leaf, MYOCLONUS, problem("celiac-disease", onset=onset)) is expected


def test_a_problem_began_before_now_needs_no_sign() -> None:
    leaf = Condition(problem="celiac-disease", began="within 14 d before now")
    assert holds(leaf, problem("celiac-disease", onset=ago(days=14)))
    assert not holds(leaf, problem("celiac-disease", onset=ago(days=15)))
    assert not holds(leaf, problem("celiac-disease", onset=ago(days=-1)))


def test_a_problem_without_an_onset_began_when_it_was_recorded() -> None:
    leaf = Condition(problem="celiac-disease", began="within 3650 d before sign")
    assert holds(leaf, MYOCLONUS, problem("celiac-disease", recorded=ago(days=30)))
    late = problem("celiac-disease", onset=ago(days=5), recorded=ago(days=30))
    assert not holds(leaf, MYOCLONUS, late)


def test_a_problem_began_before_no_sign_that_is_missing_or_undated() -> None:
    leaf = Condition(problem="celiac-disease", began="within 3650 d before sign")
    old = problem("celiac-disease", onset=ago(days=30))
    assert not holds(leaf, old)
    assert not holds(leaf, old, problem("myoclonus"))


def test_of_a_group_only_what_began_in_time_is_evidence() -> None:
    leaf = Condition(problem="malabsorption", began="within 3650 d before sign")
    early = problem("celiac-disease", onset=ago(days=30))
    late = problem("crohn-disease", onset=ago(days=5))
    assert ask(leaf, MYOCLONUS, early, late) == (early,)


def test_a_problem_that_began_in_time_is_active_unless_the_rule_includes_past_ones() -> None:
    past = problem("celiac-disease", onset=ago(days=30), active=False)
    leaf = Condition(problem="celiac-disease", began="within 3650 d before sign")
    assert not holds(leaf, MYOCLONUS, past)
    widened = Condition(problem="celiac-disease", began=leaf.began, including=("past",))
    assert holds(widened, MYOCLONUS, past)


def test_every_problem_of_a_group_is_evidence() -> None:
    both = problem("celiac-disease"), problem("crohn-disease")
    assert ask(Condition(problem="malabsorption"), *both) == both


# treatment


def taken(within: str = "", started: str = "", stopped: str = "") -> Condition:
    return Condition(treatment="gabapentinoids", within=within, started=started, stopped=stopped)


def test_a_treatment_holds_while_it_is_taken_or_lingers() -> None:
    assert holds(taken(), treatment("gabapentin"))
    assert holds(taken(), treatment("gabapentin", current=False, end=ago(days=2)))
    assert not holds(taken(), treatment("gabapentin", current=False, end=ago(days=4)))
    assert not holds(taken(), treatment("gabapentin", start=ago(days=-1)))
    assert not holds(taken(), treatment("sertraline"))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"current": False, "end": ago(days=9)}, True),
        ({"current": False, "end": ago(days=11)}, False),
        ({"current": False, "start": ago(days=9)}, True),
        ({"current": False, "start": ago(days=11)}, False),
        ({"current": False, "start": ago(days=9), "end": ago(days=11)}, False),
        ({"current": False}, False),
        ({"current": True, "start": ago(days=-1)}, False),
        ({"current": False, "start": ago(days=-1), "end": ago(days=-5)}, False),
    ],
)
def test_within_a_treatment_may_have_ended_or_begun_without_an_end(
    more: dict[str, object], expected: bool
) -> None:
    assert holds(taken(within="10 d"), treatment("pregabalin", **more)) is expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (ago(days=24), True),
        (ago(days=25), False),
        (ago(days=10), True),
        (ago(days=9), False),
        (day(10), True),
        (None, False),
    ],
)
def test_started_before_the_sign_and_not_too_long_before(
    start: Moment | None, expected: bool
) -> None:
    leaf = taken(started="within 14 d before sign")
    assert holds(leaf, MYOCLONUS, treatment("pregabalin", start=start)) is expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [(ago(days=10), True), (ago(days=6), True), (ago(days=5), False), (ago(days=11), False)],
)
def test_started_after_the_sign_and_not_too_long_after(start: Moment, expected: bool) -> None:
    leaf = taken(started="within 4 d after sign")
    assert holds(leaf, MYOCLONUS, treatment("pregabalin", start=start)) is expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [(ago(days=12), False), (None, False), (ago(days=9), True), (day(10), True)],
)
def test_an_order_after_the_sign_is_no_start_where_the_medicine_may_have_been_taken_before(
    start: Moment | None, expected: bool
) -> None:
    leaf = taken(started="within 4 d after sign")
    before = treatment("pregabalin", "old", current=False, start=start, end=ago(days=8))
    assert holds(leaf, MYOCLONUS, treatment("pregabalin", start=ago(days=8)), before) is expected


def test_another_medicine_of_the_group_before_the_sign_is_no_earlier_start() -> None:
    leaf = taken(started="within 4 d after sign")
    other = treatment("gabapentin", start=ago(days=20))
    assert holds(leaf, MYOCLONUS, treatment("pregabalin", start=ago(days=8)), other)


def test_an_unknown_start_is_none_at_all() -> None:
    leaf = taken(started="unknown")
    assert holds(leaf, treatment("pregabalin"))
    assert holds(leaf, treatment("pregabalin"), treatment("pregabalin", "new", start=ago(days=8)))
    assert not holds(leaf, treatment("pregabalin", start=ago(days=8)))
    assert not holds(leaf, treatment("pregabalin", current=False))


def test_beside_signs_without_a_date_every_start_is_unknown() -> None:
    leaf = taken(started="unknown")
    known = treatment("pregabalin", start=ago(days=8))
    undated = problem("myoclonus")
    assert holds(leaf, undated, known)
    assert not holds(leaf, undated, MYOCLONUS, known)
    assert not holds(leaf, problem("myoclonus", recorded=ago(days=3)), known)
    assert not holds(leaf, problem("myoclonus", onset=ago(days=-3)), known)
    assert not holds(leaf, problem("myoclonus", active=False), known)
    assert not holds(leaf, problem("myoclonus", confirmed=False), known)
    assert not holds(leaf, problem("celiac-disease"), known)
    assert not holds(leaf, undated, treatment("pregabalin", start=ago(days=80), current=False))


FIRST = taken(started="first within 14 d before sign")  # 24 to 10 days ago


@pytest.mark.parametrize(
    ("start", "expected"),
    [(ago(days=24), True), (ago(days=10), True), (ago(days=25), False), (ago(days=9), False)],
)
def test_a_first_start_lies_in_its_time(start: Moment, expected: bool) -> None:
    assert holds(FIRST, MYOCLONUS, treatment("pregabalin", start=start)) is expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (ago(days=25), None),
        (ago(days=400), None),
        (ago(days=400), ago(days=12)),
        (ago(days=60), ago(days=25)),
        (ago(days=60), ago(days=38)),
        (ago(days=30), ago(days=30)),
    ],
)
@pytest.mark.parametrize("current", [True, False])
def test_a_renewed_order_is_no_first_start(
    start: Moment, end: Moment | None, current: bool
) -> None:
    refill = treatment("pregabalin", start=ago(days=12))
    before = treatment("pregabalin", "old", current=current, start=start, end=end)
    assert not holds(FIRST, MYOCLONUS, refill, before)
    assert not holds(FIRST, MYOCLONUS, before, refill)


@pytest.mark.parametrize(
    "other",
    [
        treatment("pregabalin", "old", start=ago(days=24)),
        treatment("pregabalin", "old", start=ago(days=11)),
        treatment("pregabalin", "old"),
        treatment("pregabalin", "old", current=False, start=ago(days=60), end=ago(days=39)),
        treatment("gabapentin", "old", start=ago(days=400)),
    ],
)
def test_what_is_surely_no_earlier_order_leaves_a_first_start(other: Treatment) -> None:
    assert holds(FIRST, MYOCLONUS, treatment("pregabalin", start=ago(days=12)), other)


RAISED = ("dose-raised",)


@pytest.mark.parametrize(
    ("start", "expected"),
    [(ago(days=24), True), (ago(days=10), True), (ago(days=25), False), (ago(days=9), False)],
)
def test_a_raised_dose_is_a_first_start_in_its_time(start: Moment, expected: bool) -> None:
    raised = treatment("pregabalin", start=start, marks=RAISED)
    before = treatment("pregabalin", "old", start=ago(days=400))
    assert holds(FIRST, MYOCLONUS, raised, before) is expected


def test_a_raised_dose_makes_no_first_start_of_another_order() -> None:
    refill = treatment("pregabalin", start=ago(days=12))
    raised = treatment("pregabalin", "old", start=ago(days=400), marks=RAISED)
    assert not holds(FIRST, MYOCLONUS, refill, raised)
    assert not holds(FIRST, MYOCLONUS, treatment("pregabalin", marks=RAISED))


def test_started_before_now_needs_no_sign() -> None:
    leaf = taken(started="within 14 d before now")
    assert holds(leaf, treatment("pregabalin", start=ago(days=14)))
    assert not holds(leaf, treatment("pregabalin", start=ago(days=15)))
    assert not holds(leaf, treatment("pregabalin", start=ago(days=-1)))


def test_started_asks_that_the_medicine_is_taken_still() -> None:
    leaf = taken(started="within 14 d before now")
    stopped = treatment("pregabalin", current=False, start=ago(days=5), end=ago(days=4))
    assert not holds(leaf, stopped)


def test_started_before_the_sign_needs_a_sign() -> None:
    leaf = taken(started="within 14 d before sign")
    assert not holds(leaf, treatment("pregabalin", start=ago(days=12)))


@pytest.mark.parametrize(
    ("end", "expected"),
    [(ago(days=13), True), (ago(days=25), False), (ago(days=9), False), (None, False)],
)
def test_stopped_before_the_sign_need_not_be_taken_any_more(
    end: Moment | None, expected: bool
) -> None:
    leaf = taken(stopped="within 14 d before sign")
    assert holds(leaf, MYOCLONUS, treatment("pregabalin", current=False, end=end)) is expected


def test_an_end_that_lies_ahead_is_no_stop() -> None:
    leaf = taken(stopped="within 14 d before now")
    assert holds(leaf, treatment("pregabalin", current=False, end=ago(days=1)))
    assert not holds(leaf, treatment("pregabalin", end=ago(days=-1)))
    planned = treatment("pregabalin", start=ago(days=-1), end=ago(days=1))
    assert not holds(leaf, planned)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"start": ago(days=13)}, False),
        ({}, False),
        ({"start": ago(days=30), "end": ago(days=9), "current": False}, False),
        ({"start": ago(days=11)}, True),
        ({"start": ago(days=30), "end": ago(days=14), "current": False}, True),
    ],
)
def test_a_medicine_that_another_order_continues_was_not_stopped(
    other: dict[str, object], expected: bool
) -> None:
    leaf = taken(stopped="within 3 d before sign")
    over = treatment("pregabalin", current=False, start=ago(days=40), end=ago(days=12))
    assert holds(leaf, MYOCLONUS, over, treatment("pregabalin", "other", **other)) is expected


@pytest.mark.parametrize(
    ("start", "expected"), [(ago(days=16), True), (ago(days=15, hours=23), False), (None, True)]
)
def test_what_was_taken_for_less_than_three_days_is_not_stopped(
    start: Moment | None, expected: bool
) -> None:
    leaf = taken(stopped="within 14 d before sign")
    course = treatment("pregabalin", current=False, start=start, end=ago(days=13))
    assert holds(leaf, MYOCLONUS, course) is expected


def test_orders_that_follow_each_other_are_one_course() -> None:
    leaf = taken(stopped="within 14 d before sign")
    last = treatment("pregabalin", current=False, start=ago(days=15), end=ago(days=13))
    first = treatment("pregabalin", "old", current=False, start=ago(days=17), end=ago(days=15))
    other = treatment("gabapentin", "old", current=False, start=ago(days=17), end=ago(days=15))
    assert holds(leaf, MYOCLONUS, last, first)
    assert not holds(leaf, MYOCLONUS, last)
    assert not holds(leaf, MYOCLONUS, last, other)


def test_a_dose_that_was_given_once_is_not_stopped() -> None:
    leaf = taken(stopped="within 14 d before sign")
    once = treatment("pregabalin", current=False, start=ago(days=12), end=ago(days=12))
    assert not holds(leaf, MYOCLONUS, once)


# count_distinct


def test_two_different_medicines_of_a_group_are_two() -> None:
    leaf = Condition(count_distinct="2 of serotonergic")
    both = treatment("sertraline"), treatment("tramadol")
    assert ask(leaf, *both) == both


def test_one_medicine_twice_is_one() -> None:
    leaf = Condition(count_distinct="2 of serotonergic")
    assert not holds(leaf, treatment("sertraline"), treatment("sertraline", "again"))
    assert not holds(leaf, treatment("sertraline"), treatment("tramadol", current=False))
    assert not holds(leaf, treatment("sertraline"), treatment("gabapentin"))
    assert not holds(leaf)


# age, sex, quality, not_measured


def test_age_holds_in_its_band_and_never_while_unknown() -> None:
    old, adult = Condition(age="65 y and over"), Condition(age="18 y and over")
    assert ask(old, age=70) == ()
    assert not holds(old, age=64)
    assert holds(adult, age=50)
    assert not holds(adult, age=None)


def test_sex_must_be_known_and_the_same() -> None:
    leaf = Condition(sex="female")
    assert ask(leaf) == ()
    assert not holds(leaf, sex="male")
    assert not holds(leaf, sex=None)


def test_a_hemolyzed_specimen_is_that_of_the_result_that_decides() -> None:
    leaf = Condition(quality="hemolyzed", analyte="sodium")
    spoiled = sodium("150 mmol/L", "a", marks=("hemolyzed",))
    assert ask(leaf, spoiled) == ()
    assert not holds(leaf, sodium("150 mmol/L"))
    assert not holds(leaf)
    assert not holds(leaf, spoiled, sodium("140 mmol/L", "b", moment=ago(minutes=5)))
    assert not holds(leaf, result("glucose", "5 mmol/L", marks=("hemolyzed",)))


def test_what_counts_is_measured_whether_it_can_be_read_or_not() -> None:
    leaf = Condition(not_measured="sodium")
    assert ask(leaf) == ()
    assert holds(leaf, sodium("140 mmol/L", moment=ago(days=15)))
    assert holds(leaf, sodium("140 mmol/L", moment=ago(days=-1)))
    assert not holds(leaf, sodium("140 mmol/L"))
    assert not holds(leaf, sodium(""))


# same_draw


def lie_together(*pieces: Piece, span: str = "24 h") -> bool:
    leaves = (finding(), Condition(finding="hyperglycemia"))
    questions = [question_of(leaf, rules(), Laboratory(rules())) for leaf in leaves]
    draw = question_of_draw(Draw(parse_span(span), leaves), questions)
    return draw(situation(*pieces)) is not None


def sugar(moment: Moment | None) -> Result:
    return result("glucose", "30 mmol/L", moment=moment)


def test_a_draw_holds_where_all_its_results_may_lie_close_together() -> None:
    assert lie_together(LOW, sugar(ago(hours=25)))
    assert not lie_together(LOW, sugar(ago(hours=26)))
    assert lie_together(LOW, sugar(day(1)))
    assert not lie_together(LOW, sugar(day(2)))


def test_a_draw_does_not_hold_where_one_of_its_results_is_undated_or_missing() -> None:
    assert not lie_together(LOW, sugar(None))
    assert not lie_together(LOW)


# How leaves are said to durable-rules


@pytest.mark.parametrize(
    ("leaf", "pattern", "word"),
    [
        (finding(), Pattern("finding", "hyponatremia", 1), "hyponatremia"),
        (finding("moderate"), Pattern("finding", "hyponatremia", 2), "hyponatremia"),
        (finding(within="72 h"), None, "hyponatremia"),
        (finding(older_than="72 h"), None, "hyponatremia"),
        (finding(worst_within="72 h of now"), None, "sodium"),
        (Condition(normal="sodium"), Pattern("normal", "sodium"), "sodium"),
        (Condition(normal="sodium", within="72 h"), None, "sodium"),
        (Condition(problem="malabsorption"), Pattern("problem", "malabsorption"), "malabsorption"),
        (Condition(problem="malabsorption", including=("past",)), None, "malabsorption"),
        (
            Condition(problem="malabsorption", began="within 10 d before now"),
            None,
            "malabsorption",
        ),
        (taken(), Pattern("treatment", "gabapentinoids"), "gabapentinoids"),
        (taken(within="10 d"), None, "gabapentinoids"),
        (taken(started="within 10 d before now"), None, "gabapentinoids"),
        (taken(stopped="within 10 d before now"), None, "gabapentinoids"),
        (Condition(count_distinct="2 of serotonergic"), None, "serotonergic"),
        (Condition(quality="hemolyzed", analyte="sodium"), None, "sodium"),
        (Condition(age="65 y and over"), None, ""),
        (Condition(sex="female"), None, ""),
    ],
)
def test_what_needs_time_or_counting_is_judged_and_the_rest_is_a_fact(
    leaf: Condition, pattern: Pattern | None, word: str
) -> None:
    assert pattern_of(leaf, rules()) == pattern
    assert word_of(leaf, rules()) == word
