"""The rule set as the other rooms use it: documents by id, and look-ups by outside code."""

from msgspec import Struct

from service.knowledge.language import (
    Analyte,
    CauseRule,
    Derived,
    FindingRule,
    Link,
    MedicineRule,
    ProblemRule,
    Reference,
    Ruleset,
    State,
    Unit,
    WordList,
)

SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"


class Measured(Struct, frozen=True):
    """What a LOINC code measures.

    `dimension` is the dimension that its unit must have ("" where the code's name does
    not fix one), `form` the molecule that a mass counts, `marks` what every result under it
    carries, `unit` the unit of the values that are sent without one ("" for none).
    """

    analyte: str
    name: str
    dimension: str = ""
    form: str = ""
    marks: tuple[str, ...] = ()
    unit: str = ""


class Refused(Struct, frozen=True):
    """A LOINC code that resembles an analyte and is not it, and why."""

    analyte: str
    why: str


class CodeIndex(Struct, frozen=True):
    """Codes of one outside system: exact ones, and beginnings ("F10.2" of "F10.2*").

    Both map to ids; `exceptions` are codes that no beginning may claim for an id.
    """

    exact: dict[str, tuple[str, ...]]
    prefixes: tuple[tuple[str, str], ...] = ()
    exceptions: frozenset[tuple[str, str]] = frozenset()

    def find(self, code: str) -> tuple[str, ...]:
        """The ids that a code names: none, one or several, in id order."""
        found = set(self.exact.get(code, ()))
        for prefix, owner in self.prefixes:
            if code.startswith(prefix) and (owner, code) not in self.exceptions:
                found.add(owner)
        return tuple(sorted(found))


class Knowledge(Struct, frozen=True, eq=False):
    """A whole rule set, loaded and checked; compared by identity, so that what is prepared
    from it can be kept with it (`digest` compares content).

    `digest` is the SHA-256 of its content, hexadecimal. `problem_codes` and
    `medicine_codes` are by FHIR system URL; ICD codes in them are without the dot and in
    upper case. `*_names` are folded by `fold_name`. Links and causes of the
    `drug-{agent}` family are already one per agent. `local` is what codes of a site's own
    mean, by system ("" for none) and code; it is no part of the rules.
    """

    ruleset: Ruleset
    digest: str
    units: dict[str, Unit]
    unit_spellings: dict[str, str]
    analytes: dict[str, Analyte]
    findings: dict[str, FindingRule]
    derived: dict[str, Derived]
    problems: dict[str, ProblemRule]
    medicines: dict[str, MedicineRule]
    states: dict[str, State]
    causes: dict[str, CauseRule]
    links: dict[str, Link]
    references: dict[str, Reference]
    loinc: dict[str, Measured]
    refused: dict[str, Refused]
    analyte_names: dict[str, str]
    problem_codes: dict[str, CodeIndex]
    problem_names: dict[str, str]
    medicine_codes: dict[str, CodeIndex]
    medicine_names: dict[str, str]
    groups: dict[str, tuple[str, ...]]
    local: dict[tuple[str, str], Measured] = {}
    words: dict[str, WordList] = {}
