from pathlib import Path

from tests.knowledge.small_rules import FILES, complaints, write_rules


def test_causes_told_within_each_other_are_a_circle(tmp_path: Path) -> None:
    files = {
        "links/hyponatremia.yaml": FILES["links/hyponatremia.yaml"].replace(
            "strength: moderate\nbecause",
            "strength: moderate\nsubsumed_by: copper-deficiency\nbecause",
        ),
        "links/copper.yaml": FILES["links/copper.yaml"].replace(
            "strength: weak", "strength: weak\nsubsumed_by: hyponatremia"
        ),
    }
    told = complaints(write_rules(tmp_path, files))
    assert [line.split(": ")[:3] for line in told] == [
        ["links/copper.yaml:10", "subsumed_by", "goes round in a circle"],
        ["links/hyponatremia.yaml:5", "subsumed_by", "goes round in a circle"],
    ]


def test_a_cause_told_within_another_is_no_circle(tmp_path: Path) -> None:
    copper = FILES["links/copper.yaml"].replace(
        "strength: weak", "strength: weak\nsubsumed_by: hyponatremia"
    )
    assert complaints(write_rules(tmp_path, {"links/copper.yaml": copper})) == []


def test_states_may_need_others_but_not_themselves_through_others(tmp_path: Path) -> None:
    states = """\
state: a
name: A
when: {state: b}
---
state: b
name: B
when: {state: drinking}
"""
    folder = write_rules(tmp_path, {"states/more.yaml": states})
    assert complaints(folder) == []
    (folder / "states" / "more.yaml").write_text(states.replace("drinking", "a"))
    assert [line.rsplit(": ", 1)[0] for line in complaints(folder)] == [
        "states/more.yaml:3: when: needs itself",
        "states/more.yaml:7: when: needs itself",
    ]


def test_a_suppressing_link_may_speak_of_all_causes_and_be_tested(tmp_path: Path) -> None:
    link = """\
link: alt-explains-copper
when: {normal: sodium}
suppress: hypocupremia
because: Tests.
speaks_against: Nothing.
references: [kumar-2006]
tests:
  - given: {sodium: 140 mmol/L}
    expect: suppressed
  - given: {sodium: 130 mmol/L}
    expect: none
"""
    folder = write_rules(tmp_path, {"links/alt.yaml": link})
    assert complaints(folder) == []
    (folder / "links" / "alt.yaml").write_text(link.replace("suppressed", "fires"))
    assert complaints(folder) == [
        "links/alt.yaml:9: tests[0].expect: is none, indeterminate, or suppressed"
    ]
