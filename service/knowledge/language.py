"""What a rule file may say.

A file under `rules/` holds one or more YAML documents, each about one thing, and
the first key of a document says which: `analyte: sodium`, `finding: hyponatremia`,
`link: ...`. Each class below is one kind of document. No scalar is typed
by YAML itself: everything arrives as text and is read by the field it stands in, so
that `no`, `12:30`, `010` and `1e3` are never anything but themselves.

Amounts, limits, spans of time and ages stay text here, as a clinician wrote them;
`quantities` reads them, and the loader has checked that it can.
"""

from typing import Literal

from msgspec import Struct

from service.record import Strength


class Document(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all kinds of documents share: unknown fields are errors."""


class Ruleset(Document, frozen=True):
    """The set as a whole; exactly one of them (rules/ruleset.yaml).

    `source_attributes` answers each of SOURCE_ATTRIBUTES; `about` tells the rest that users
    must be able to read: for whom it is, what it takes in, how it was made and checked, its limits.
    """

    ruleset: str
    version: str
    intended_use: str
    about: dict[str, str] = {}
    source_attributes: dict[str, str] = {}


#: What 45 CFR 170.315(b)(11)(iv)(A) wants told of evidence-based decision support.
SOURCE_ATTRIBUTES = (
    "bibliographic_citation",
    "developer",
    "funding",
    "release_and_revision_dates",
    "race",
    "ethnicity",
    "language",
    "sexual_orientation",
    "gender_identity",
    "sex",
    "date_of_birth",
    "social_determinants_of_health",
    "health_status_assessments",
)

#: What is told of the whole set beside them.
ABOUT = (
    "users",
    "population",
    "inputs",
    "outputs",
    "development",
    "validation",
    "clinical_review",
    "limits",
    "updates",
)


class Unit(Document, frozen=True):
    """One unit of the table: `unit` is its UCUM code.

    `scale` times the unit is the base unit of `dimension` ("1/1000" for mmol/L,
    base mol/L). `also` are the spellings that laboratories print.
    """

    unit: str
    dimension: str
    scale: str
    also: tuple[str, ...] = ()


class Units(Document, frozen=True):
    """The closed table of units (rules/units.yaml)."""

    units: tuple[Unit, ...]


class Code(Document, frozen=True):
    """A code of an outside system with more to say than its name.

    `form`: a mass under this LOINC code counts another molecule than the analyte's
    own ("nitrogen"); it must be a key of the analyte's `forms`.
    `marks`: what a result under this code always carries ("calculated").
    """

    name: str
    form: str = ""
    marks: tuple[str, ...] = ()


class ReferenceInterval(Document, frozen=True):
    """The interval of one population; bounds inclusive, "0.7 mmol/L | 1.7 mg/dL".

    `age` and `sex` say whom it is for ("18 y and over", "under 28 d", "1 y to 17 y").
    `source` is the id of a reference, or "general knowledge".
    """

    source: str
    low: str = ""
    high: str = ""
    age: str = "18 y and over"
    sex: Literal["", "female", "male"] = ""


class Analyte(Document, frozen=True):
    """What is measured: rules/analytes/*.yaml.

    `unit` is the canonical unit, `units` all that are accepted (UCUM codes of the
    unit table). Mass and amount of substance convert through `molar_mass` (g/mol),
    equivalents through `charge`; `forms` are molar masses of other molecules that
    codes may count. `trusts`: whether fixed decision limits ("limits") or the
    laboratory's own range ("range") decide plain low and high first. `confusable` are LOINC
    codes that resemble this analyte and are refused, with the reason. `names` are
    the exact texts that are read where no known code was sent, `form_names` those that say
    which of the `forms` is counted, `narrow_names` those that may mean something else too, each
    with the values at which it can not. What lies outside
    `plausible` ("90 to 200 mmol/L") is a probable unit or entry error. A result counts for
    `lookback`.
    """

    analyte: str
    name: str
    unit: str
    units: tuple[str, ...]
    loinc: dict[str, str | Code]
    plausible: str
    lookback: str
    version: int = 1
    trusts: Literal["limits", "range"] = "limits"
    molar_mass: str = ""
    charge: str = ""
    forms: dict[str, str] = {}
    names: tuple[str, ...] = ()
    form_names: dict[str, tuple[str, ...]] = {}
    narrow_names: dict[str, str] = {}
    reference: tuple[ReferenceInterval, ...] = ()
    confusable: dict[str, str] = {}
    note: str = ""


class Grade(Document, frozen=True):
    """One grade of a finding, with exactly one limit.

    A limit is "135 mmol/L", "0.7 mmol/L | 1.7 mg/dL" (as published in each system),
    "56 mg/dL as nitrogen", "reference" (the bound of the laboratory's range, else of
    the rules' own interval) or "3 x reference". `critical`: dangerous by itself.
    `age`: whom the grade is for; grades of one name for several ages are one grade.
    """

    grade: str
    below: str = ""
    at_or_below: str = ""
    above: str = ""
    at_or_above: str = ""
    critical: bool = False
    age: str = ""


class FindingRule(Document, frozen=True):
    """What a result of an analyte (or of a derived value) may show; grades from mild to severe.

    `tests` are values by what they show: the name of a grade, `none`, or `indeterminate`.
    Each is a result as the tests of links give it, "134 mmol/L", and may say whose it is
    ("38 ug/dL, aged 6 y, female").
    """

    finding: str
    name: str
    analyte: str
    grades: tuple[Grade, ...]
    references: tuple[str, ...]
    version: int = 1
    tests: dict[str, tuple[str, ...]] = {}
    note: str = ""


class Formula(Document, frozen=True):
    """One way to compute a derived value: arithmetic over its inputs' names.

    `+ - * / **`, `min`, `max` and numbers; `age` is the patient's age in years.
    `sex`, `for_age` say whom it is for.
    """

    formula: str
    sex: Literal["", "female", "male"] = ""
    for_age: str = ""


class Input(Document, frozen=True):
    """An input of a formula: which analyte, read in which unit, inside which range."""

    analyte: str
    unit: str
    valid: str = ""
    form: str = ""


class Change(Document, frozen=True):
    """A change over time as a derived value: the largest between two results at most `over` apart.

    `rise` and `fall` are differences in the derived unit, `ratio` is later over earlier. The
    later result lies inside the `lookback` of the derived value.
    """

    analyte: str
    kind: Literal["rise", "fall", "ratio"]
    over: str


class Derived(Document, frozen=True):
    """A value computed from results: rules/derived/*.yaml. It is graded like an analyte.

    Either `formulas` with `inputs`, whose results were drawn within `same_draw`, or
    `change`. It is not computed where a result of one of `unless_measured` lies within
    `same_draw` of its inputs. With `stands_for` the value becomes a result of that
    analyte, unless the laboratory reported one that is not older. Several may stand for one
    analyte, each for other ages.
    """

    derived: str
    name: str
    unit: str
    references: tuple[str, ...]
    plausible: str
    lookback: str
    version: int = 1
    inputs: dict[str, Input] = {}
    formulas: tuple[Formula, ...] = ()
    change: Change | None = None
    same_draw: str = ""
    unless_measured: tuple[str, ...] = ()
    stands_for: str = ""
    reference: tuple[ReferenceInterval, ...] = ()
    note: str = ""


class ProblemRule(Document, frozen=True):
    """A diagnosis or sign that links may name: rules/problems/*.yaml.

    Codes ending in "*" stand for all that begin so; `except` codes are left out
    again. `names` are exact texts, read where no known code was sent; `phrases` are
    names that are also heard inside a longer text. `groups` are wider words that links
    may use instead. `sign`: a documented jerk, which raises the priority of causes.
    """

    problem: str
    name: str
    snomed: dict[str, str] = {}
    icd10cm: dict[str, str] = {}
    icd10: dict[str, str] = {}
    names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    sign: bool = False
    note: str = ""


class MedicineRule(Document, frozen=True):
    """A medicine (one agent) that links may name: rules/medicines/*.yaml.

    `rxnorm` are ingredient codes, `atc` codes may end in "*". `lingers`: how long
    after its end a medicine still counts as taken. `references` are about this agent: its
    copies of links to `drug-{agent}` cite them beside the link's own. `evidence` is that of the
    cause `drug-{agent}`; "" is what the family says. `patch_is_local`: from a patch hardly any of
    it gets into the blood, so that one does not count.
    """

    medicine: str
    name: str
    rxnorm: dict[str, str] = {}
    atc: dict[str, str] = {}
    snomed: dict[str, str] = {}
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lingers: str = "0 d"
    evidence: Literal["", "established", "supported", "case-reports"] = ""
    patch_is_local: bool = False
    references: tuple[str, ...] = ()
    note: str = ""


class WordList(Document, frozen=True):
    """Words that are listened for in texts: rules/words/*.yaml.

    `effect` says where they count and what follows. `languages` are plain words and phrases by
    language (ISO 639-1); a "*" stands for any letters, "absen*" for all that begins so. Within a
    longer phrase of `exceptions` they are not heard.
    """

    words: str
    name: str
    effect: str
    languages: dict[str, tuple[str, ...]]
    exceptions: tuple[str, ...] = ()
    note: str = ""


class Condition(Document, frozen=True):
    """One condition of a link. It says exactly one thing; small words narrow it.

    Joining: `all: [...]` (with `same_draw: 24 h`, the results in it lie that close
    together), `any: [...]`, `at_least: 2` with `of: [...]`.

    Leaves: `finding: ID` (`at_least: GRADE`), `normal: ANALYTE` (measured and
    normal), `problem: ID or group` (`including: [past, unconfirmed]`, `began: within
    10 y before sign`), `treatment: ID or group` (`started:` or `stopped: within 14 d
    before sign`; all three also `after sign`, `before now`; `started: unknown`, also where
    no sign has a date, and `started: first within 14 d before sign`, of which renewed orders
    are no start),
    `count_distinct: 2 of GROUP` (medicines being taken), `state: ID`, `age: 65 y and
    over`, `sex: female`, `quality: hemolyzed` with `analyte:`, `not_measured: ANALYTE`
    (in remarks only: absence never makes a cause).

    Time: `within: 72 h` (of now, for findings, normals and treatments), `older_than: 72
    h` (for findings: the deciding result is dated, and surely before that time),
    `worst_within: 24 h of now` or `of sign` (the worst result of that time instead
    of the newest).
    """

    all: tuple["Condition", ...] = ()
    any: tuple["Condition", ...] = ()
    at_least: str = ""
    of: tuple["Condition", ...] = ()
    finding: str = ""
    normal: str = ""
    problem: str = ""
    including: tuple[Literal["past", "unconfirmed"], ...] = ()
    began: str = ""
    treatment: str = ""
    started: str = ""
    stopped: str = ""
    count_distinct: str = ""
    state: str = ""
    age: str = ""
    sex: Literal["", "female", "male"] = ""
    quality: Literal["", "hemolyzed"] = ""
    analyte: str = ""
    not_measured: str = ""
    within: str = ""
    older_than: str = ""
    worst_within: str = ""
    same_draw: str = ""


class State(Document, frozen=True):
    """A named condition, for what several links mean by "dialysis" or "acute kidney injury"."""

    state: str
    name: str
    when: Condition
    version: int = 1


class CauseRule(Document, frozen=True):
    """A possible cause of myoclonus: rules/causes/*.yaml.

    The id `drug-{agent}` stands for one cause for each medicine that a link names.
    `kind` orders causes of one strength and priority (see KINDS); `ceiling` is the
    most that its strength may reach. `confirm` are analyte ids or plain text.
    `heeds_critical`: a critical value in its evidence makes its priority high; not so for a
    cause that only explains a value whose danger another cause tells.
    """

    cause: str
    name: str
    kind: str
    mechanism: str
    evidence: Literal["established", "supported", "case-reports"]
    references: tuple[str, ...]
    confirm: tuple[str, ...]
    ceiling: Strength = "strong"
    heeds_critical: bool = True
    snomed: dict[str, str] = {}
    myoclonus: str = ""
    reversible: Literal["", "yes", "partly", "no"] = ""
    note: str = ""


#: The order of causes of one strength and priority, most pressing kind first.
KINDS = (
    "medicine",
    "organ failure",
    "electrolyte",
    "glucose",
    "immune",
    "deficiency",
    "other",
)


class Remark(Document, frozen=True):
    """A sentence for the flag, said where its condition holds; it changes nothing else."""

    when: Condition
    say: str


class RuleTest(Document, frozen=True):
    """A case beside a link: `given` some data, `expect` what the link makes of it.

    `given` maps analyte ids to amounts ("45 ug/dL", "<5 ng/L", "118 mmol/L, 3 d ago",
    "H", or a list of them), and `problems`, `treatments` ("gabapentin, started 5 d
    ago"), `age`, `sex`. `expect` is `none` (the link stays silent), `indeterminate` (it
    stays silent for want of a readable or decisive result), `suppressed` (a link that
    suppresses a finding does so), or the cause with strength and, if told, priority.
    """

    given: dict[str, str | list[str]]
    expect: "str | Expected"


class Expected(Document, frozen=True):
    """What a rule test expects of the named cause."""

    cause: str
    strength: Strength | None = None
    priority: Literal["low", "medium", "high"] | None = None


class Link(Document, frozen=True):
    """A rule from findings, problems and treatments to a cause: rules/links/*.yaml.

    What it does is said by exactly one of: `strength` (it names the cause, that
    strongly), `against` (it lowers the named cause by so many steps), `strengthens`
    (it raises it by so many), `suppress` (that finding does not count for the cause, or
    for any where no cause is given). `upstream_of`: causes that follow from this one.
    `subsumed_by`: where that cause is named too, this one is told within its flag.
    `speaks_against` says in words what would make a reader doubt it.
    `reviewed` is who reviewed it clinically and when; "" says nobody yet.
    """

    link: str
    because: str
    when: Condition
    references: tuple[str, ...]
    speaks_against: str
    version: int = 1
    status: Literal["active", "shadow", "retired"] = "active"
    cause: str | tuple[str, ...] = ""
    strength: Strength | None = None
    against: int = 0
    strengthens: int = 0
    suppress: str = ""
    upstream_of: tuple[str, ...] = ()
    subsumed_by: str = ""
    check_next: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    tests: tuple[RuleTest, ...] = ()
    reviewed: str = ""


class Reference(Document, frozen=True):
    """A source: rules/references/*.yaml.

    `confirmed`: seen in a public record. `literature` is false for what nobody can look up:
    general knowledge, a choice of the authors.
    """

    reference: str
    cite: str
    doi: str = ""
    pmid: str = ""
    url: str = ""
    confirmed: bool = True
    literature: bool = True


class Locked(Document, frozen=True):
    """A released rule: the hash of what it decides, when it last changed and why.

    A `retired` one is gone, and its id never returns.
    """

    version: int
    hash: str
    date: str
    reason: str
    retired: bool = False


class Lock(Document, frozen=True):
    """Every rule that was ever released, by "kind/id": rules/lock.yaml, which no hand writes."""

    lock: dict[str, Locked]


#: The first key of a document, and what it is.
DOCUMENTS: dict[str, type[Document]] = {
    "ruleset": Ruleset,
    "units": Units,
    "analyte": Analyte,
    "finding": FindingRule,
    "derived": Derived,
    "problem": ProblemRule,
    "medicine": MedicineRule,
    "state": State,
    "cause": CauseRule,
    "link": Link,
    "reference": Reference,
    "words": WordList,
    "lock": Lock,
}
