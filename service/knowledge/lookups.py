"""The look-ups of a rule set: ids by outside code, by printed name, by unit, by group.

A code, name or spelling that two documents claim, where only one can have it, is a fault
of the later one.
"""

from collections.abc import Iterable, Iterator

from service.knowledge.faults import Fault, Path
from service.knowledge.language import (
    Analyte,
    Code,
    Document,
    MedicineRule,
    ProblemRule,
    Unit,
    Units,
)
from service.knowledge.model import (
    ATC,
    ICD10,
    ICD10CM,
    RXNORM,
    SNOMED,
    CodeIndex,
    Measured,
    Refused,
)
from service.knowledge.names import fold_name
from service.knowledge.shapes import Placed
from service.knowledge.units import dimension_of_name, fold_spelling

_PROBLEM_SYSTEMS = {SNOMED: "snomed", ICD10CM: "icd10cm", ICD10: "icd10"}
_MEDICINE_SYSTEMS = {RXNORM: "rxnorm", ATC: "atc", SNOMED: "snomed"}
_DOTTED = frozenset({ICD10CM, ICD10})


class Claims:
    """Who has which key; the first one keeps it, and every further claim is a fault."""

    def __init__(self, what: str, faults: list[Fault]) -> None:
        self.what = what
        self.faults = faults
        self.owners: dict[str, str] = {}

    def claim(self, key: str, owner: str, place: Placed, path: Path, shown: str = "") -> bool:
        """Whether the key is the owner's; `shown` is how the file writes it."""
        first = self.owners.setdefault(key, owner)
        if first != owner:
            text = f'{self.what} "{shown or key}" is already that of {first}'
            self.faults.append(place.fault(path, text))
        return first == owner


def index_units(
    placed: Iterable[Placed], faults: list[Fault]
) -> tuple[dict[str, Unit], dict[str, str]]:
    """The unit table, and the units by spelling.

    A key of the second is a spelling, or its lower case where only one unit is spelled so.
    """
    units: dict[str, Unit] = {}
    spellings = Claims("the spelling", faults)
    lower: dict[str, set[str]] = {}
    for place, i, unit in _units(placed):
        if unit.unit in units:
            faults.append(place.fault(("units", i, "unit"), f"{unit.unit} is there twice"))
        units[unit.unit] = unit
        spellings.claim(fold_spelling(unit.unit), unit.unit, place, ("units", i, "unit"))
    for place, i, unit in _units(placed):
        for j, spelling in enumerate(unit.also):
            spellings.claim(fold_spelling(spelling), unit.unit, place, ("units", i, "also", j))
    for spelling, code in spellings.owners.items():
        lower.setdefault(spelling.casefold(), set()).add(code)
    alone = {spelling: next(iter(codes)) for spelling, codes in lower.items() if len(codes) == 1}
    return units, alone | spellings.owners


def _units(placed: Iterable[Placed]) -> Iterator[tuple[Placed, int, Unit]]:
    for place in placed:
        if isinstance(place.document, Units):
            for i, unit in enumerate(place.document.units):
                yield place, i, unit


def index_loinc(
    placed: Iterable[Placed], faults: list[Fault]
) -> tuple[dict[str, Measured], dict[str, Refused]]:
    """What each LOINC code measures, and the codes that resemble an analyte and are refused."""
    measured: dict[str, Measured] = {}
    refused: dict[str, Refused] = {}
    claims = Claims("LOINC", faults)
    analytes = [(p, p.document) for p in placed if isinstance(p.document, Analyte)]
    for place, analyte in analytes:
        for code, said in analyte.loinc.items():
            if claims.claim(code, analyte.analyte, place, ("loinc", code)):
                measured[code] = _measured(analyte.analyte, said)
    for place, analyte in analytes:
        for code, why in analyte.confusable.items():
            if owner := claims.owners.get(code):
                text = f"LOINC {code} is read as {owner}; it cannot be refused as well"
                faults.append(place.fault(("confusable", code), text))
            refused.setdefault(code, Refused(analyte.analyte, why))
    return measured, refused


def _measured(analyte: str, said: str | Code) -> Measured:
    if isinstance(said, str):
        return Measured(analyte, said, dimension_of_name(said))
    return Measured(analyte, said.name, dimension_of_name(said.name), said.form, said.marks)


def index_problem_codes(problems: Iterable[ProblemRule]) -> dict[str, CodeIndex]:
    """Problems by the codes of each FHIR system."""
    rules = [(rule.problem, rule, rule.exceptions) for rule in problems]
    return {
        system: _index_codes(
            (system in _DOTTED), ((owner, getattr(rule, field), but) for owner, rule, but in rules)
        )
        for system, field in _PROBLEM_SYSTEMS.items()
    }


def index_medicine_codes(medicines: Iterable[MedicineRule]) -> dict[str, CodeIndex]:
    """Medicines by the codes of each FHIR system."""
    rules = [(rule.medicine, rule) for rule in medicines]
    return {
        system: _index_codes(False, ((owner, getattr(rule, field), ()) for owner, rule in rules))
        for system, field in _MEDICINE_SYSTEMS.items()
    }


def _index_codes(
    dotted: bool, rules: Iterable[tuple[str, dict[str, str], tuple[str, ...]]]
) -> CodeIndex:
    exact: dict[str, set[str]] = {}
    prefixes: set[tuple[str, str]] = set()
    exceptions: set[tuple[str, str]] = set()
    for owner, codes, but in rules:
        for written in codes:
            code = fold_icd(written) if dotted else written
            if code.endswith("*"):
                prefixes.add((code.removesuffix("*"), owner))
            else:
                exact.setdefault(code, set()).add(owner)
        exceptions |= {(owner, fold_icd(code) if dotted else code) for code in but}
    return CodeIndex(
        {code: tuple(sorted(owners)) for code, owners in exact.items()},
        tuple(sorted(prefixes)),
        frozenset(exceptions),
    )


def fold_icd(code: str) -> str:
    """An ICD code as the look-ups hold it: without the dot, in upper case."""
    return code.replace(".", "").upper()


def index_names(placed: Iterable[Placed], faults: list[Fault]) -> dict[str, str]:
    """Ids by folded name, of documents of one kind that have `names`, and maybe others."""
    claims = Claims("the name", faults)
    for place in placed:
        for path, name in _names(place.document):
            folded = fold_name(name)
            claims.claim(folded, place.id, place, path, name)
            if not folded:
                faults.append(place.fault(path, f'"{name}" holds no letter or digit'))
    return claims.owners


def _names(document: Document) -> Iterator[tuple[Path, str]]:
    for field in ("names", "phrases"):
        for i, name in enumerate(getattr(document, field, ())):
            yield (field, i), name
    if isinstance(document, Analyte):
        for form, names in document.form_names.items():
            for i, name in enumerate(names):
                yield ("form_names", form, i), name
        for name in document.narrow_names:
            yield ("narrow_names", name), name


def index_groups(placed: Iterable[Placed], faults: list[Fault]) -> dict[str, tuple[str, ...]]:
    """Members of each group. A group is of problems or of medicines, and no id is its name."""
    members: dict[str, list[Placed]] = {}
    rules = [(p, p.document) for p in placed if isinstance(p.document, ProblemRule | MedicineRule)]
    ids = {place.id for place, _ in rules}
    for place, rule in rules:
        for i, group in enumerate(rule.groups):
            others = members.setdefault(group, [])
            if group in ids:
                text = f'the group "{group}" has the id of a problem or medicine'
                faults.append(place.fault(("groups", i), text))
            if others and others[0].kind != place.kind:
                text = f'the group "{group}" is already one of {others[0].kind}s'
                faults.append(place.fault(("groups", i), text))
            others.append(place)
    return {group: tuple(sorted({p.id for p in of})) for group, of in sorted(members.items())}
