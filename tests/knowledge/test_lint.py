from pathlib import Path

import pytest

from service.knowledge.language import SOURCE_ATTRIBUTES
from service.knowledge.lint import lint
from tests.knowledge.small_rules import FILES, changed, write_rules


def told(folder: Path) -> list[str]:
    return [str(fault).replace(f"{folder.as_posix()}/", "") for fault in lint(folder)]


def tidy(folder: Path, changes: dict[str, str] | None = None) -> Path:
    """The small rule set, which is in order but for nothing."""
    return write_rules(folder, changes)


def test_a_tidy_rule_set_has_nothing_to_tell(tmp_path: Path) -> None:
    assert told(tidy(tmp_path)) == []


@pytest.mark.parametrize("name", SOURCE_ATTRIBUTES)
def test_each_source_attribute_must_be_answered(tmp_path: Path, name: str) -> None:
    folder = changed(tmp_path, "ruleset.yaml", f"  {name}: not used\n", "")

    assert [line.partition(": ")[2] for line in told(folder)] == [
        f"source_attributes.{name}: is not answered"
    ]


def test_a_source_attribute_that_is_none_is_told(tmp_path: Path) -> None:
    folder = changed(tmp_path, "ruleset.yaml", "  race: not used", "  race: x\n  rice: not used")

    (line,) = told(folder)
    assert "source_attributes.rice: is none of" in line


def test_rules_that_do_not_load_tell_what_the_loader_says(tmp_path: Path) -> None:
    folder = changed(tmp_path, "analytes/alt.yaml", "30 d", "30 days")
    assert [line.split(": ")[0] for line in told(folder)] == ["analytes/alt.yaml:8"]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "findings/all.yaml",
            "references: [kumar-2006]",
            "references: []",
            "findings/all.yaml:16: references: names no source",
        ),
        (
            "links/hyponatremia.yaml",
            "    expect: {cause: hyponatremia, strength: moderate}",
            "    expect: none",
            "links/hyponatremia.yaml:8: tests: has no test that fires",
        ),
        (
            "links/hyponatremia.yaml",
            "problems: [alcohol-use-disorder]}\n    expect: none",
            "problems: [alcohol-use-disorder]}\n    expect: {cause: hyponatremia}",
            "links/hyponatremia.yaml:26: tests: has no test that just does not fire",
        ),
        (
            "causes/all.yaml",
            "cause: drug-{agent}",
            "cause: wilson",
            "causes/all.yaml:17: cause: no link names it",
        ),
        (
            "units.yaml",
            "also: [IU/L]}\n",
            "also: [IU/L]}\n  - {unit: kPa, dimension: pressure, scale: '1000'}\n",
            "units.yaml:9: units[7]: no analyte accepts kPa",
        ),
        (
            "problems/all.yaml",
            "sign: true",
            "sign: false",
            "",
        ),
        (
            "problems/all.yaml",
            "sign: true\n",
            "sign: true\n---\nproblem: gout\nname: Gout\n",
            "problems/all.yaml:19: problem: no link speaks of it",
        ),
        (
            "medicines/all.yaml",
            "---\n",
            "---\nmedicine: aspirin\nname: aspirin\n---\n",
            "medicines/all.yaml:9: medicine: no link speaks of it",
        ),
        (
            "links/hyponatremia.yaml",
            "    - {state: drinking}\n",
            "    - {problem: alcohol}\n",
            "states/all.yaml:1: state: no link speaks of it",
        ),
        (
            "references/all.yaml",
            "---\n",
            "---\nreference: unread\ncite: Unread.\n---\n",
            "references/all.yaml:4: reference: no rule uses it",
        ),
        (
            "links/copper.yaml",
            "because: Copper is low.",
            "because: Copper is low in anaemia.",
            'links/copper.yaml:10: because: "anaemia." is British; write "anemia."',
        ),
        (
            "links/copper.yaml",
            "say: Urea is missing.",
            "say: No Haemoglobin.",
            'links/copper.yaml:15: remarks[0].say: "Haemoglobin." is British; write "hemoglobin."',
        ),
    ],
)
def test_each_policy_tells_what_offends_it(
    tmp_path: Path, file: str, old: str, new: str, expected: str
) -> None:
    lines = told(changed(tmp_path, file, old, new))
    assert expected in lines or (not expected and not lines), lines


def test_tests_that_do_not_fire_must_be_more_than_those_that_do(tmp_path: Path) -> None:
    link = FILES["links/medicines.yaml"]
    extra = "  - given: {treatments: gabapentin, problems: myoclonus}\n"
    extra += "    expect: {cause: drug-gabapentin}\n"
    lines = told(write_rules(tmp_path, {"links/medicines.yaml": link + extra * 4}))
    assert lines == ["ruleset.yaml:1: 9 tests of links fire and 8 do not; the latter must be more"]


def test_a_link_that_another_makes_redundant_is_told(tmp_path: Path) -> None:
    link = FILES["links/hyponatremia.yaml"]
    again = link.replace("link: ", "link: same-", 1).split("---")[0]
    (line,) = told(write_rules(tmp_path, {"links/same.yaml": again}))
    assert line.startswith("links/same.yaml:")
    assert "when: wherever this holds, low-sodium says as much" in line


def test_a_link_is_told_only_if_it_is_redundant_for_every_medicine(tmp_path: Path) -> None:
    link = FILES["links/medicines.yaml"].split("---")[0]
    first, _, rest = link.partition("when:")
    one = first.replace("link: ", "link: again-", 1) + "when:" + rest
    assert "gabapentinoid" in one
    lines = told(write_rules(tmp_path, {"links/again.yaml": one}))
    assert any("says as much or more of the same cause" in line for line in lines)
    fewer = link.replace("gabapentinoid", "gabapentin")
    lines = told(write_rules(tmp_path, {"links/medicines.yaml": fewer, "links/again.yaml": one}))
    assert not any("says as much or more of the same cause" in line for line in lines)


def test_a_retired_link_needs_no_tests(tmp_path: Path) -> None:
    link = FILES["links/copper.yaml"]
    without = link[: link.index("tests:")] + "status: retired\n"
    assert told(write_rules(tmp_path, {"links/copper.yaml": without})) == []


def test_sources_are_british_where_they_are_and_prose_is_not(tmp_path: Path) -> None:
    assert "Hyponatraemia" in FILES["references/all.yaml"]
    assert told(tidy(tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("links/states/more.yaml", "links/states/more.yaml:1: state: belongs in states"),
        ("more.yaml", "more.yaml:1: state: belongs in states"),
        ("states/More.yaml", 'states/More.yaml:1: the file\'s name "More" is not snake_case'),
        ("states/my-own.yaml", 'states/my-own.yaml:1: the file\'s name "my-own" is not snake_case'),
    ],
)
def test_each_kind_has_its_folder_and_files_their_names(
    tmp_path: Path, file: str, expected: str
) -> None:
    state = "state: male\nname: Male\nwhen: {sex: male}\n"
    lines = told(write_rules(tmp_path, {file: state}))
    assert expected in lines


def test_a_list_of_words_that_reading_listens_for_must_be_there(tmp_path: Path) -> None:
    without = FILES["words/all.yaml"].partition("---\n")[2]
    assert told(write_rules(tmp_path, {"words/all.yaml": without})) == [
        'ruleset.yaml:1: there is no list of words "relatives", and reading listens for it'
    ]


def test_a_word_that_is_never_reached_is_told(tmp_path: Path) -> None:
    words = "languages:\n  en: [mother, grandmother, moth*]\n  es: [madre, madre]"
    folder = changed(tmp_path, "words/all.yaml", "languages: {en: [relatives]}", words)
    assert told(folder) == [
        'words/all.yaml:5: languages.en[0]: "mother" is heard as "moth*" already',
        'words/all.yaml:6: languages.es[1]: "madre" is there twice',
    ]
