from pathlib import Path

import pytest

from service.knowledge.agents import agent_of, fill
from service.knowledge.faults import RulesError
from service.knowledge.language import Condition, Expected
from service.knowledge.lint import lint
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from tests.knowledge.small_rules import FILES, changed, write_rules

LINKS = "links/medicines.yaml"


def test_a_family_link_becomes_one_for_each_agent(small: Knowledge) -> None:
    copies = [link for link in small.links.values() if link.link.startswith("gabapentinoids")]
    assert [(link.link, link.cause) for link in copies] == [
        ("gabapentinoids/gabapentin", "drug-gabapentin"),
        ("gabapentinoids/pregabalin", "drug-pregabalin"),
    ]
    assert "gabapentinoids" not in small.links


def test_the_conditions_of_a_copy_are_narrowed_to_its_agent(small: Knowledge) -> None:
    link = small.links["gabapentinoids/pregabalin"]
    assert link.when == Condition(
        all=(Condition(treatment="pregabalin"), Condition(problem="myoclonus"))
    )
    assert link.remarks[0].when == Condition(
        treatment="pregabalin", started="within 14 d before sign"
    )


def test_the_texts_of_a_copy_name_its_agent(small: Knowledge) -> None:
    link = small.links["gabapentinoids/pregabalin"]
    assert link.because == "Pregabalin causes jerks."
    assert link.speaks_against == "Long use of pregabalin."
    assert link.remarks[0].say == "Pregabalin is new."


def test_a_copy_cites_the_references_of_its_own_agent_behind_those_of_the_link(
    tmp_path: Path,
) -> None:
    folder = changed(
        tmp_path,
        "medicines/all.yaml",
        "names: [Neurontin]\n",
        "names: [Neurontin]\nreferences: [gabapentin-2018, kumar-2006]\n",
    )
    with (folder / "references" / "all.yaml").open("a", encoding="utf-8") as file:
        file.write("---\nreference: gabapentin-2018\ncite: Of gabapentin.\n")
    links = load(folder).links
    assert links["gabapentinoids/gabapentin"].references == ("kumar-2006", "gabapentin-2018")
    assert links["gabapentinoids/pregabalin"].references == ("kumar-2006",)
    assert lint(folder) == ()


def test_a_medicine_cites_only_what_exists(tmp_path: Path) -> None:
    folder = changed(
        tmp_path,
        "medicines/all.yaml",
        "names: [Neurontin]\n",
        "names: [Neurontin]\nreferences: [nobody-1999]\n",
    )
    with pytest.raises(RulesError, match=r'references\[0\]: there is no reference "nobody-1999"'):
        load(folder)


def test_the_tests_of_a_family_go_to_the_copies_that_they_are_about(small: Knowledge) -> None:
    gabapentin = small.links["gabapentinoids/gabapentin"].tests
    pregabalin = small.links["gabapentinoids/pregabalin"].tests
    assert [test.expect for test in gabapentin] == [
        Expected("drug-gabapentin", "moderate"),
        "none",
        "none",
        "none",
    ]
    assert [test.expect for test in pregabalin] == [Expected("drug-pregabalin"), "none", "none"]


def test_the_cause_of_a_family_becomes_one_for_each_agent(small: Knowledge) -> None:
    cause = small.causes["drug-gabapentin"]
    assert cause.name == "Gabapentin"
    assert cause.mechanism == (
        "Gabapentin acts on calcium channels; gabapentin is cleared by the kidney."
    )
    assert cause.confirm == ("level of gabapentin",)
    assert "drug-{agent}" not in small.causes


def test_how_well_a_cause_is_known_is_said_by_its_medicine_first(
    tmp_path: Path, small: Knowledge
) -> None:
    medicine = "medicine: pregabalin\n"
    said = {
        file: text.replace(medicine, f"{medicine}evidence: case-reports\n")
        for file, text in FILES.items()
        if medicine in text
    }
    known = load(write_rules(tmp_path, said))
    family = small.causes["drug-pregabalin"].evidence
    assert family != "case-reports"
    assert known.causes["drug-pregabalin"].evidence == "case-reports"
    assert known.causes["drug-gabapentin"].evidence == family


def test_a_medicine_with_a_cause_of_its_own_keeps_it(tmp_path: Path) -> None:
    own = """\
---
cause: drug-pregabalin
name: Pregabalin itself
kind: medicine
mechanism: Its own.
evidence: established
references: [kumar-2006]
confirm: []
"""
    causes = FILES["causes/all.yaml"] + own
    knowledge = load(write_rules(tmp_path, {"causes/all.yaml": causes}))
    assert knowledge.causes["drug-pregabalin"].name == "Pregabalin itself"
    assert knowledge.causes["drug-gabapentin"].name == "Gabapentin"


def test_of_several_treatments_in_any_each_copy_keeps_its_own_branch(tmp_path: Path) -> None:
    folder = changed(
        tmp_path,
        LINKS,
        "    - {treatment: gabapentinoid}\n",
        "    - any:\n"
        "        - {treatment: gabapentin, within: 3 d}\n"
        "        - all: [{treatment: pregabalin}, {sex: male}]\n",
    )
    links = load(folder).links
    assert links["gabapentinoids/gabapentin"].when.all[0] == Condition(
        any=(Condition(treatment="gabapentin", within="3 d"),)
    )
    assert links["gabapentinoids/pregabalin"].when.all[0] == Condition(
        any=(Condition(all=(Condition(treatment="pregabalin"), Condition(sex="male"))),)
    )


def test_conditions_without_treatments_stay_as_they_are(tmp_path: Path) -> None:
    other = "any: [{problem: myoclonus}, {finding: hyponatremia}]"
    folder = changed(tmp_path, LINKS, "{problem: myoclonus}\nstrength", f"{other}\nstrength")
    for link in load(folder).links.values():
        if link.link.startswith("gabapentinoids"):
            assert len(link.when.all[1].any) == 2


def test_a_family_link_that_names_no_treatment_lowers_every_medicine(tmp_path: Path) -> None:
    against = """\
link: young
cause: drug-{agent}
when: {age: under 18 y}
against: 1
because: Rare in the young.
speaks_against: Overdose.
references: [kumar-2006]
"""
    knowledge = load(write_rules(tmp_path, {"links/young.yaml": against}))
    assert knowledge.links["young"].cause == ("drug-gabapentin", "drug-pregabalin")


def test_a_family_link_that_names_a_treatment_lowers_that_medicine_only(tmp_path: Path) -> None:
    against = """\
link: long
cause: drug-{agent}
when: {treatment: pregabalin}
against: 1
because: "{name} is harmless."
speaks_against: Overdose.
references: [kumar-2006]
"""
    knowledge = load(write_rules(tmp_path, {"links/long.yaml": against}))
    assert knowledge.links["long/pregabalin"].cause == "drug-pregabalin"
    assert "long/gabapentin" not in knowledge.links


@pytest.mark.parametrize(
    ("cause", "agent"),
    [
        ("drug-gabapentin", "gabapentin"),
        ("drug-toxicity", ""),
        ("drug-", ""),
        ("gabapentin", ""),
        ("hyponatremia", ""),
    ],
)
def test_the_agent_of_a_cause_is_a_known_medicine(small: Knowledge, cause: str, agent: str) -> None:
    assert agent_of(cause, small.medicines) == agent


def test_a_name_that_begins_a_text_is_capitalized() -> None:
    assert fill("{name} and {name}", "lithium") == "Lithium and lithium"
    assert fill("Use of {name}", "lithium") == "Use of lithium"
    assert fill("Nothing", "lithium") == "Nothing"
