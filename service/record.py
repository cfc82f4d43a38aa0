"""The plain data that flows through the house.

bytes -> Record (all that is known of one patient at one moment)
      -> Assessment (the possible causes of myoclonus, each with its evidence, and for those who
         ask an Explanation of each)
      -> bytes

Everything here is frozen and knows nothing of FHIR, YAML or the rules engine. The garbage
collector keeps no list of it (`gc=False`): what is frozen is in no cycle, and to look again and
again at all that a large request holds would cost more than to read it.
"""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, final

from msgspec import Struct, structs

Comparator = Literal["", "<", "<=", ">=", ">"]
Strength = Literal["weak", "moderate", "strong"]
Priority = Literal["low", "medium", "high"]
Severity = Literal["error", "warning", "information"]
Sex = Literal["female", "male"]

STRENGTHS: tuple[Strength, ...] = ("weak", "moderate", "strong")
PRIORITIES: tuple[Priority, ...] = ("low", "medium", "high")


class Issue(Struct, frozen=True, gc=False):
    """Something the answer must say: what was not used, or used with care, and why.

    `code` is from http://hl7.org/fhir/issue-type; `expression` are FHIRPaths into
    the request; `text` is for people and never holds patient data. `patient` is
    the key of the patient it belongs to, "" for the request as a whole.
    """

    severity: Severity
    code: str
    text: str
    expression: tuple[str, ...] = ()
    patient: str = ""


class Moment(Struct, frozen=True, gc=False):
    """A clinical time as it was sent: `text`, and the instants that it may mean.

    "2026-05" is the whole of May in the configured zone; an instant has
    `earliest == latest`. Both are aware and in UTC.
    """

    text: str
    earliest: datetime
    latest: datetime


class Identifier(Struct, frozen=True, gc=False):
    """A business identifier: FHIR Identifier's system and value."""

    system: str
    value: str


class Source(Struct, frozen=True, gc=False):
    """Where a piece of evidence came from.

    `reference` is the resource as its sender would name it ("Observation/na-1",
    "urn:uuid:...", an absolute URL where the request spans several servers), ""
    where it has no name; then `identifier` may name it. `expression` is the
    FHIRPath of the element in the request ("Bundle.entry[3].resource",
    "Bundle.entry[3].resource.component[1]").
    """

    type: str
    reference: str
    expression: str
    identifier: Identifier | None = None


class Amount(Struct, frozen=True, gc=False):
    """A number as it was reported and its unit, a UCUM code of the unit table."""

    value: Decimal
    unit: str


class Interval(Struct, frozen=True, gc=False):
    """A laboratory's own reference range, bounds inclusive, in the unit of its result.

    `written` is made of both, to tell ranges apart: 3.5 and 3.50 are one number and two texts.
    """

    low: Decimal | None
    high: Decimal | None
    written: str = ""

    def __post_init__(self) -> None:
        bounds = ("" if bound is None else str(bound) for bound in (self.low, self.high))
        structs.force_setattr(self, "written", " ".join(bounds))


class Result(Struct, frozen=True, gc=False):
    """One laboratory value of an analyte.

    `amount` is None where no number could be read; such a result may still carry
    an `interpretation` (L, LL, H, HH, N, A ... of HL7 table 0078), with the mark "range-only"
    that of its own `interval`, which is then in the unit of the number. With neither, it
    is unreadable: it tells that the analyte was measured and forbids "normal".
    `form` names the molecule that a mass counts where it is not the analyte's
    own ("nitrogen" for urea nitrogen). `printed` is the value as its sender
    wrote it. `marks` are the words of MARKS. A derived value has `formula` and
    `inputs`; its `amount.value` is exact or rounded to 6 significant digits.
    """

    analyte: str
    amount: Amount | None
    printed: str
    moment: Moment | None
    source: Source
    comparator: Comparator = ""
    form: str = ""
    issued: datetime | None = None
    interval: Interval | None = None
    interpretation: str = ""
    marks: tuple[str, ...] = ()
    formula: str = ""
    inputs: tuple["Result", ...] = ()


#: What can be said of a result, a problem or a treatment beside its value.
MARKS = {
    "preliminary": "preliminary result",
    "unknown-status": "status unknown to the sender",
    "by-name": "recognized by its name, not by a code",
    "default-unit": "sent without a unit; the site's own table tells it",
    "unit-by-name": "sent without a unit; its name tells it",
    "only-unit": "sent without a unit; it is reported in this one alone",
    "undated": "without a date",
    "issue-dated": "dated by its time of issue",
    "hemolyzed": "hemolyzed specimen",
    "calculated": "calculated",
    "interpretation-only": "from the laboratory's flag, without a readable value",
    "implausible": "its number is not plausible",
    "range-only": "from the laboratory's own range, without a unit that can be read",
    "laboratory-range": "by the laboratory's own range",
    "older-than-unreadable": "a newer result could not be read",
    "conflicting": "two results at one moment differ; the more abnormal counts",
    "adult-limits": "age unknown: adult limits",
    "either-sex": "sex unknown: limits that hold for both",
    "unconfirmed": "not confirmed",
    "past": "no longer active",
    "dose-raised": "at a higher dose than before",
    "laboratory-disagrees": "the laboratory's own range or flag disagrees",
}


@final
class Problem(Struct, frozen=True, gc=False):
    """A recorded diagnosis or sign that the rules know.

    `active` is False once it has resolved or is in remission, `confirmed` False
    while it is unconfirmed, provisional or differential. Refuted ones never get here.
    """

    problem: str
    source: Source
    text: str = ""
    active: bool = True
    confirmed: bool = True
    onset: Moment | None = None
    recorded: Moment | None = None
    marks: tuple[str, ...] = ()


@final
class Treatment(Struct, frozen=True, gc=False):
    """A recorded medicine that the rules know. `current`: being taken at the record's moment.

    `daily`: milligrams a day, where the dosage says so in numbers.
    """

    medicine: str
    source: Source
    text: str = ""
    current: bool = True
    start: Moment | None = None
    end: Moment | None = None
    marks: tuple[str, ...] = ()
    daily: Fraction | None = None


class Patient(Struct, frozen=True, gc=False):
    """Who a record is about.

    `key` is unique in the request. `identity` is what the ids of this patient's
    flags are derived from: "system|value" of an identifier where there is one, else
    the sender's reference. `reference`, `identifier` and `display` are the subject
    as the sender named it.
    """

    key: str
    identity: str
    reference: str
    expression: str
    identifier: Identifier | None = None
    display: str = ""
    born: Moment | None = None
    sex: Sex | None = None


class Tally(Struct, frozen=True, gc=False):
    """How many resources of a patient were read, and what usable came of them."""

    observations: int = 0
    results: int = 0
    conditions: int = 0
    problems: int = 0
    medications: int = 0
    treatments: int = 0


class Record(Struct, frozen=True, gc=False):
    """All that is known of one patient at one moment (`moment`, aware, UTC)."""

    patient: Patient
    moment: datetime
    results: tuple[Result, ...] = ()
    problems: tuple[Problem, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    tally: Tally = Tally()


class Ground(Struct, frozen=True, gc=False):
    """Something that an earlier conclusion rested on: an analyte or derived value, a problem or a
    medicine, by its id, and the name of the resource that showed it.
    """

    kind: Literal["result", "problem", "treatment"]
    id: str
    source: str


class Earlier(Struct, frozen=True, gc=False):
    """A cause that was named before.

    `since` is when all of its evidence was there, None where that is not known. `grounds` are what
    it rested on, None where not all of them are known. Of the resources that showed them,
    `corrected` are the names of those that now hold a corrected result, and `stopped` of those that
    say that a medicine was stopped. `withdrawn`: some of the evidence turned out to be none.
    """

    cause: str
    since: Moment | None
    grounds: frozenset[Ground] | None
    corrected: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    withdrawn: bool = False


@final
class Finding(Struct, frozen=True, gc=False):
    """A first conclusion from one result: "hyponatremia, profound".

    `grade` is the grade's name and `rank` its place, 1 the mildest. `limit` is the
    limit it crossed as it is printed ("< 125 mmol/L"), `critical` whether the
    value is dangerous by itself. `marks` adds to those of the result.
    """

    finding: str
    grade: str
    rank: int
    limit: str
    result: Result
    critical: bool = False
    marks: tuple[str, ...] = ()


@final
class Normal(Struct, frozen=True, gc=False):
    """An analyte that was measured and is normal: `limit` is the interval, printed."""

    analyte: str
    limit: str
    result: Result
    marks: tuple[str, ...] = ()


Evidence = Finding | Normal | Problem | Treatment


class FiredLink(Struct, frozen=True, gc=False):
    """A link whose conditions held, with the evidence that made them hold."""

    link: str
    version: int
    effect: Literal["supports", "against", "strengthens"]
    because: str
    evidence: tuple[Evidence, ...]
    strength: Strength | None = None
    steps: int = 0


class Check(Struct, frozen=True, gc=False):
    """A test that would confirm or refute a cause; `on_file`: a result is in the record."""

    text: str
    on_file: bool


class Cause(Struct, frozen=True, gc=False):
    """One possible cause of myoclonus for one patient, and why.

    `agent` is the medicine's id for causes of the drug- family, else "".
    `evidence` holds each supporting piece once, most telling first. `sign` are
    the documented signs (myoclonus, asterixis ...) that raised the priority.
    `downstream_of` are named causes that this one may follow from; `absorbed`
    are causes told within this flag because they are the same disturbance.
    """

    cause: str
    name: str
    strength: Strength
    priority: Priority
    links: tuple[FiredLink, ...]
    evidence: tuple[Evidence, ...]
    agent: str = ""
    sign: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    check_next: tuple[Check, ...] = ()
    downstream_of: tuple[str, ...] = ()
    absorbed: tuple[str, ...] = ()


#: How a condition stands: it holds; it would, but a link sets its finding aside; what is on
#: file does not suffice; what is on file leaves it open; nothing of it is on file.
Standing = Literal["held", "suppressed", "short", "undecided", "absent"]


class Criterion(Struct, frozen=True, gc=False):
    """One condition of a link, and what a record has of it.

    `about` is what it holds by, or what is on file and does not make it hold; where nothing
    is, `name` says what was looked for. `why` ends the sentence that either begins: "is not
    below 1.9 mmol/L (0.15 above)". `gap` is how far it is off, as a share of the limit, 1
    where no number tells.
    """

    standing: Standing
    name: str
    about: tuple[Evidence | Result, ...] = ()
    why: str = ""
    gap: Fraction = Fraction(1)


class Criteria(Struct, frozen=True, gc=False):
    """Conditions of which at least so many must hold, all of them or just one perhaps.

    `name` is that of the state that they define. `why` is why they do not hold
    together although enough of them do: results drawn too far apart.
    """

    held: bool
    least: int
    parts: tuple["Criterion | Criteria", ...]
    name: str = ""
    why: str = ""


class NearLink(Struct, frozen=True, gc=False):
    """How a link stands for one cause; what it does is `effect`, with `strength` or `steps`."""

    link: str
    version: int
    held: bool
    effect: Literal["supports", "strengthens", "against", "suppresses"]
    when: Criterion | Criteria
    strength: Strength | None = None
    steps: int = 0
    suppress: str = ""
    shadow: bool = False


class Explanation(Struct, frozen=True, gc=False):
    """Why a cause was not named for one patient; or, of a named one, what would change it.

    `strength` is that of a named cause, and `within` the cause in whose flag it is told.
    `links` are the nearest first, of `links_in_all`; none for a medicine that is not on file.
    """

    cause: str
    name: str
    strength: Strength | None = None
    within: str = ""
    links: tuple[NearLink, ...] = ()
    links_in_all: int = 0


class Assessment(Struct, frozen=True, gc=False):
    """The outcome for one patient: causes, most pressing first, and what must be said.

    `findings` is everything that the results showed, named as a cause or not;
    `shadow` are the links of status shadow that held: counted, never flagged.
    `explanations` are there for those who ask.
    """

    patient: Patient
    moment: datetime
    tally: Tally
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...] = ()
    shadow: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    explanations: tuple[Explanation, ...] = ()
