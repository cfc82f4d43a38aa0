"""A site's own table: what its local laboratory codes mean, and units of values sent without one.

It is a YAML file beside the rules and no part of them:

    code_system: https://lab.example.org/tests
    codes:
      NA: {loinc: 2951-2, unit: mmol/L}
      CU: {analyte: copper}
    ---
    code_system: http://loinc.org
    codes:
      2951-2: {unit: mmol/L}
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path as FilePath

from msgspec import Struct, structs

from service.knowledge.documents import Written, line_of, read_file
from service.knowledge.faults import Complaint, Fault, RulesError, spell
from service.knowledge.model import LOINC, Knowledge, Measured
from service.knowledge.shapes import shape_as
from service.knowledge.units import accepted, fold_spelling

#: What stands for the system of codes that are sent without one.
_WITHOUT = "none"


class LocalCode(Struct, frozen=True):
    """What one code means: a LOINC code that rules read, or an analyte; and its default unit."""

    loinc: str = ""
    analyte: str = ""
    unit: str = ""


class LocalCodes(Struct, frozen=True):
    """The codes of one system: its URI as senders write it, or "none" where they write none."""

    code_system: str
    codes: dict[str, LocalCode]


def with_local_codes(knowledge: Knowledge, file: FilePath) -> Knowledge:
    """The rule set, which also reads what a site's table says.

    RulesError tells everything that is wrong with the table, with file, line and field.
    """
    faults: list[Fault] = []
    local: dict[tuple[str, str], Measured] = {}
    loinc = dict(knowledge.loinc)
    written: list[Written] = []
    if file.is_file():
        written = read_file(file, faults)
    else:
        faults.append(Fault(file.as_posix(), 1, "", "there is no such file of local codes"))
    for document in written:
        table = shape_as(LocalCodes, document, faults)
        if not table:
            continue
        system = "" if table.code_system == _WITHOUT else table.code_system
        for code, said in table.codes.items():
            wrong = list(_wrong(knowledge, system, code, said))
            if (system, code) in local:
                wrong.append(((), "is in the table already"))
            for path, text in wrong:
                full = ("codes", code, *path)
                line = line_of(document.tree, full)
                faults.append(Fault(document.file, line, spell(full), text))
            if not wrong:
                local[system, code] = _meant(knowledge, system, code, said)
                if system == LOINC:
                    loinc[code] = local[system, code]
    if faults:
        raise RulesError(tuple(sorted(faults)))
    others = {key: measured for key, measured in local.items() if key[0] != LOINC}
    return structs.replace(knowledge, loinc=loinc, local=others)


def _meant(knowledge: Knowledge, system: str, code: str, said: LocalCode) -> Measured:
    if loinc := code if system == LOINC else said.loinc:
        return structs.replace(knowledge.loinc[loinc], unit=said.unit)
    return Measured(said.analyte, knowledge.analytes[said.analyte].name, unit=said.unit)


def _wrong(knowledge: Knowledge, system: str, code: str, said: LocalCode) -> Iterator[Complaint]:
    loinc = said.loinc
    if system == LOINC:
        if said.loinc or said.analyte:
            yield (), "a LOINC code means what it means; only its default unit can be told here"
            return
        if not said.unit:
            yield ("unit",), "is missing"
            return
        loinc = code
    elif bool(said.loinc) == bool(said.analyte):
        yield (), "one of loinc and analyte says what the code means"
        return
    field = () if system == LOINC else ("loinc",)
    if loinc and (refused := knowledge.refused.get(loinc)):
        name = knowledge.analytes[refused.analyte].name
        yield field, f"LOINC {loinc} is not read as {name}: it is {refused.why}"
    elif loinc and loinc not in knowledge.loinc:
        yield field, f"no rule reads LOINC {loinc}"
    elif said.analyte and said.analyte not in knowledge.analytes:
        near = get_close_matches(said.analyte, knowledge.analytes, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield ("analyte",), f'there is no analyte "{said.analyte}"{hint}'
    elif said.unit:
        yield from _wrong_unit(knowledge, _meant(knowledge, system, code, said))


def _wrong_unit(knowledge: Knowledge, measured: Measured) -> Iterator[Complaint]:
    if measured.unit not in knowledge.units:
        known = knowledge.unit_spellings.get(fold_spelling(measured.unit))
        hint = f"; did you mean {known}?" if known else ""
        yield ("unit",), f'"{measured.unit}" is no unit of the table (rules/units.yaml){hint}'
    elif not accepted(knowledge, measured.analyte, measured, measured.unit):
        units = [
            unit
            for unit in knowledge.analytes[measured.analyte].units
            if accepted(knowledge, measured.analyte, measured, unit)
        ]
        yield ("unit",), f"{measured.name} is read in {', '.join(units)}"
