import pytest

from service.knowledge.faults import Fault, Path, RulesError, attempt, spell


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ((), ""),
        (("grades",), "grades"),
        (("grades", 0, "below"), "grades[0].below"),
        (("loinc", "2951-2", "form"), "loinc.2951-2.form"),
        (("given", "problems", 1), "given.problems[1]"),
    ],
)
def test_a_path_is_spelled_as_people_write_it(path: Path, spelled: str) -> None:
    assert spell(path) == spelled


def test_a_fault_of_a_whole_document_has_no_field() -> None:
    assert str(Fault("a.yaml", 3, "", "is wrong")) == "a.yaml:3: is wrong"
    assert str(Fault("a.yaml", 3, "b", "is wrong")) == "a.yaml:3: b: is wrong"


def test_an_error_tells_one_fault_a_line() -> None:
    faults = (Fault("a.yaml", 1, "b", "is wrong"), Fault("c.yaml", 2, "", "is empty"))
    assert str(RulesError(faults)) == "a.yaml:1: b: is wrong\nc.yaml:2: is empty"
    assert RulesError(faults).faults == faults


def test_a_parser_that_takes_a_text_has_no_complaint() -> None:
    assert list(attempt(int, "1", ("a",))) == []
    assert [path for path, _ in attempt(int, "one", ("a",))] == [("a",)]
