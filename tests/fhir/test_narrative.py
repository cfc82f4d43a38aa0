from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from service.fhir.citations import Teller
from service.fhir.narrative import narrative
from service.knowledge.model import Knowledge
from service.record import Cause
from tests.fhir.assessed import (
    ALCOHOL,
    B12,
    GABAPENTIN,
    KNOWLEDGE,
    MYOCLONUS,
    drug,
    fired,
    hyponatremia,
    result,
    sodium,
)
from tests.fhir_syntax import XHTML, check_narrative

OF_THE_RULES = (
    "<p><b>Rules</b>: sodium-very-low (version 1); sodium-with-alcohol (version 1). "
    "2 of 2 not reviewed clinically yet. Rule set 2026.3.0, SHA-256 0123456789ab.</p>"
    "<p><b>Literature</b>: A cause of myoclonus supported by studies or series. "
    "Author A. A title &amp; more. J Made Up 2020;1:1-9, doi:10.1000/made.up, PMID 12345678; "
    "Limits 2014, PMID 87654321</p>"
    "<p><b>Intended use</b>: For health care professionals, to review independently.</p></div>"
)


def story(cause: Cause, knowledge: Knowledge = KNOWLEDGE) -> str:
    teller = Teller(knowledge)
    return narrative(cause, teller.told(cause.evidence), teller.told(cause.sign), teller)


def paragraphs(cause: Cause, knowledge: Knowledge = KNOWLEDGE) -> dict[str, str]:
    """What is told under each label, without markup; what a list says is joined by " | "."""
    found: dict[str, str] = {}
    label = ""
    for element in ET.fromstring(story(cause, knowledge)):  # noqa: S314 - ours
        if element.tag == f"{XHTML}p":
            label = element[0].text or ""
            found[label] = (element[0].tail or "").removeprefix(":").strip()
        else:
            found[label] = " | ".join("".join(item.itertext()) for item in element)
    return found


def test_the_whole_story_of_a_cause() -> None:
    assert story(hyponatremia()) == (
        '<div xmlns="http://www.w3.org/1999/xhtml">'
        "<p><b>Possible cause of myoclonus: Hyponatremia</b>: priority high, evidence strong. "
        "A possibility to review, not a diagnosis.</p>"
        "<p><b>Why</b>: Evidence strong: the rule sodium-very-low is strong, raised one step by "
        "the rule sodium-with-alcohol. Priority high: a value among the evidence is critical by "
        "itself; Myoclonus is on file.</p>"
        "<p><b>Evidence</b>:</p><ul>"
        "<li>Hyponatremia, profound: Sodium 118 mmol/L, 2026-03-04 (limit &lt; 120 mmol/L)</li>"
        "<li>Alcohol use disorder, since 2015-06-01 "
        '(recorded as "Alcohol dependence &lt;F10.2&gt;")</li></ul>'
        "<p><b>Measured and normal</b>:</p><ul>"
        "<li>Vitamin B12 412 ng/L, 2026-03-01 (normal: 200 to 900 ng/L)</li></ul>"
        "<p><b>On file</b>:</p><ul><li>Myoclonus, recorded 2026-03-02</li></ul>"
        "<p><b>Speaks for it</b>: Because of sodium-very-low. Because of sodium-with-alcohol.</p>"
        "<p><b>Would raise doubt</b>: Doubt about sodium-very-low. "
        "Doubt about sodium-with-alcohol.</p>"
        "<p><b>Remarks</b>: Correct slowly.</p>"
        "<p><b>To check next, not on file</b>: serum osmolality</p>"
        "<p><b>To check next, on file</b>: glucose</p>" + OF_THE_RULES
    )


def test_what_speaks_against_a_cause_is_told_with_its_evidence() -> None:
    links = (fired("sodium-low", sodium()), fired("sodium-chronic", ALCOHOL, B12))
    told_of = paragraphs(hyponatremia(links=links, strength="weak"))
    assert told_of["Against it, by the rule sodium-chronic"] == (
        'Alcohol use disorder, since 2015-06-01 (recorded as "Alcohol dependence <F10.2>") | '
        "Vitamin B12 412 ng/L, 2026-03-01 (normal: 200 to 900 ng/L)"
    )
    assert told_of["Speaks for it"] == "Because of sodium-low."
    assert told_of["Speaks against it"] == "Because of sodium-chronic."


def test_where_nothing_speaks_against_a_cause_nothing_is_told_against_it() -> None:
    assert not [label for label in paragraphs(hyponatremia()) if "gainst" in label]


def test_a_sign_that_is_evidence_itself_is_told_once() -> None:
    told_of = paragraphs(hyponatremia(evidence=(sodium(), MYOCLONUS)))
    assert told_of["Evidence"].endswith("| Myoclonus, recorded 2026-03-02")
    assert "On file" not in told_of


def test_what_a_cause_follows_from_and_what_it_absorbed_is_told_by_name() -> None:
    told_of = paragraphs(
        hyponatremia(downstream_of=("drug-gabapentin",), absorbed=("copper-deficiency",))
    )
    assert told_of["May follow from"] == "Gabapentin"
    assert told_of["Told here too"] == "Copper deficiency"


def test_a_cause_without_normals_signs_and_checks_has_no_paragraphs_of_them() -> None:
    assert list(paragraphs(drug())) == [
        "Possible cause of myoclonus: Gabapentin",
        "Why",
        "Evidence",
        "Speaks for it",
        "Would raise doubt",
        "Rules",
        "Literature",
        "Intended use",
    ]


def test_who_reviewed_a_rule_is_told() -> None:
    cause = hyponatremia(
        cause="copper-deficiency",
        name="Copper deficiency",
        strength="moderate",
        links=(fired("copper-low-in-celiac", sodium()),),
    )
    assert paragraphs(cause)["Rules"] == (
        "copper-low-in-celiac (version 1, reviewed clinically: A. Reader, 2026-02-01). "
        "Rule set 2026.3.0, SHA-256 0123456789ab."
    )


def test_literature_that_nobody_confirmed_is_marked() -> None:
    cause = drug(cause="copper-deficiency", links=(fired("copper-low-in-celiac", GABAPENTIN),))
    assert paragraphs(cause)["Literature"] == (
        "A cause of myoclonus known from case reports only. "
        "Author A. A title & more. J Made Up 2020;1:1-9, doi:10.1000/made.up, PMID 12345678; "
        "A page, https://pages.example.org/copper (not confirmed)"
    )


def test_what_nobody_can_look_up_is_told_apart_from_literature() -> None:
    judgment = structs.replace(
        KNOWLEDGE.references["page-only"], cite="A choice of the authors.", literature=False
    )
    references = {**KNOWLEDGE.references, "page-only": judgment}
    knowledge = structs.replace(KNOWLEDGE, references=references)
    cause = drug(cause="copper-deficiency", links=(fired("copper-low-in-celiac", GABAPENTIN),))
    told_of = paragraphs(cause, knowledge)
    assert told_of["Literature"].endswith("doi:10.1000/made.up, PMID 12345678")
    assert told_of["Beside literature"] == "A choice of the authors."
    assert "Beside literature" not in paragraphs(cause)


def test_a_doubt_that_several_rules_share_is_told_once() -> None:
    doubts = {
        "sodium-very-low": "High lipids; a dose that was reduced.",
        "sodium-with-alcohol": "A dose that was reduced.",
        "sodium-low": "A dose that was reduced; years without jerks.",
    }
    links = KNOWLEDGE.links | {
        link: structs.replace(KNOWLEDGE.links[link], speaks_against=doubt)
        for link, doubt in doubts.items()
    }
    cause = hyponatremia(links=tuple(fired(link, sodium()) for link in doubts))
    told_of = paragraphs(cause, structs.replace(KNOWLEDGE, links=links))
    assert told_of["Would raise doubt"] == (
        "High lipids; a dose that was reduced. Years without jerks."
    )


@pytest.mark.parametrize("strength", ["weak", "moderate", "strong"])
@pytest.mark.parametrize("sign", [(), (MYOCLONUS,)])
def test_every_story_says_that_it_is_no_diagnosis(strength: str, sign: tuple[Any, ...]) -> None:
    said = story(hyponatremia(strength=strength, sign=sign))
    assert "A possibility to review, not a diagnosis." in said
    assert "to review independently" in said


def test_a_story_is_not_that_of_another_rule_set() -> None:
    cause = hyponatremia()
    before = story(cause)
    ruleset = structs.replace(KNOWLEDGE.ruleset, version="2027.1.0")
    other = structs.replace(KNOWLEDGE, ruleset=ruleset)
    assert "Rule set 2027.1.0" in story(cause, other)
    assert before == story(cause)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_of_a_sender_breaks_out_of_its_place(
    printed: str, problem: str, medicine: str
) -> None:
    cause = hyponatremia(
        evidence=(
            sodium(result=structs.replace(result("sodium", "118 mmol/L"), printed=printed)),
            structs.replace(ALCOHOL, text=problem),
            structs.replace(GABAPENTIN, text=medicine),
        )
    )
    div = story(cause)
    assert not [*check_narrative({"status": "extensions", "div": div}, "text")]
    plain = hyponatremia(evidence=(sodium(), ALCOHOL, GABAPENTIN))
    assert tags(div) == tags(story(plain))


def tags(div: str) -> list[str]:
    return [str(element.tag) for element in ET.fromstring(div).iter()]  # noqa: S314 - ours


@pytest.mark.parametrize(
    "text",
    [
        "</li></ul><script>alert(1)</script>",
        '" onmouseover="alert(1)',
        "<!-- -->",
        "<![CDATA[x]]>",
        "&nbsp; &#0; &lt;",
        "]]>",
        "<?php ?>",
    ],
)
def test_markup_in_a_display_is_shown_as_it_was_written(text: str) -> None:
    cause = hyponatremia(evidence=(sodium(), structs.replace(ALCOHOL, text=text)))
    assert paragraphs(cause)["Evidence"].endswith(f'(recorded as "{text}")')
