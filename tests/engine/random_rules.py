"""Random rule sets, written as the documents that rule files hold.

A rule set is a list of documents, mappings of text as YAML gives them, and goes through
the loader's own `build`. Every function takes the source of its chance.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import NamedTuple

from service.knowledge import loader
from service.knowledge.documents import Fields, Items, Node, Text, Written
from service.knowledge.faults import Fault, RulesError
from service.knowledge.language import KINDS
from service.knowledge.model import Knowledge
from service.knowledge.shapes import shape
from tests.engine.oracle_quantities import rounded

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]
Document = dict[str, Value]


def knowledge_of(documents: Iterable[Document]) -> Knowledge:
    """The rule set that documents make up. Raises RulesError where they are not in order."""
    faults: list[Fault] = []
    shaped = [shape(Written("random.yaml", fields(each)), faults) for each in documents]
    knowledge = loader.build([placed for placed in shaped if placed], faults)
    if faults:
        raise RulesError(tuple(faults))
    return knowledge


def fields(document: Mapping[str, Value]) -> Fields:
    inner = {name: node(value) for name, value in document.items()}
    return Fields(inner, dict.fromkeys(inner, 1), 1)


def node(value: Value) -> Node:
    if isinstance(value, Mapping):
        return fields(value)
    if isinstance(value, str | int):
        return Text(str(value).lower() if isinstance(value, bool) else str(value), 1)
    return Items([node(each) for each in value], 1)


def one_in(random: Random, odds: int) -> bool:
    # Hypothesis makes numbers small: a simpler case is one in which this does not happen.
    return random.randrange(odds) == odds - 1


def some(random: Random, choices: Sequence[str], most: int = 2) -> list[str]:
    return random.sample(choices, random.randint(0, min(most, len(choices))))


# --------------------------------------------------------------------- what is measured

RULESET: Document = {"ruleset": "random", "version": "1.0.0", "intended_use": "tests"}
UNITS: Document = {
    "units": [
        {"unit": unit, "dimension": dimension, "scale": scale}
        for unit, dimension, scale in (
            ("mmol/L", "substance/volume", "1/1000"),
            ("umol/L", "substance/volume", "1/1000000"),
            ("mg/dL", "mass/volume", "1/100"),
            ("g/L", "mass/volume", "1"),
            ("meq/L", "equivalents/volume", "1/1000"),
            ("U/L", "catalytic activity/volume", "1/60000000"),
            ("ukat/L", "catalytic activity/volume", "1/1000000"),
            ("[IU]/L", "international units/volume", "1"),
            ("1", "number", "1"),
            ("%", "number", "1/100"),
        )
    ]
}


class Owner(NamedTuple):
    """What a limit is of: an analyte or derived value, its units (the first is its own)."""

    name: str
    units: tuple[str, ...]
    grams: str = ""
    charge: str = ""
    forms: bool = False


SUBSTANCES = (
    Owner("", ("mmol/L", "umol/L", "mg/dL", "g/L", "meq/L"), "60.06", "2", forms=True),
    Owner("", ("mmol/L", "mg/dL"), "40.08"),
    Owner("", ("mmol/L", "umol/L")),
    Owner("", ("mg/dL", "g/L", "mmol/L"), "180.156"),
    Owner("", ("U/L", "ukat/L", "[IU]/L")),
    Owner("", ("1", "%")),
)
MASSES = ("mg/dL", "g/L")
NUMBERS = ("1", "2", "3", "4.5", "6", "8", "10")
AGES = (
    "18 y and over",
    "18 y and over",
    "under 18 y",
    "1 y to 17 y",
    "under 28 d",
    "65 y and over",
)
INTERVALS = (("2", "8"), ("3", "6"), ("1", "4.5"), ("2", ""), ("", "8"), ("3", "10"))
#: Where a start or a stop is asked for; renewals matter for the first and after the jerks.
AROUND = (
    *("before sign", "first before sign", "first before now", "before now"),
    *("after sign", "after sign", "after sign", "unknown"),
)
SPANS = ("1 h", "24 h", "72 h", "10 d")
LOOKBACKS = ("7 d", "30 d", "1 y")


def analyte(random: Random, owner: Owner) -> Document:
    document: Document = {
        "analyte": owner.name,
        "name": f"analyte {owner.name}",
        "unit": owner.units[0],
        "units": owner.units,
        "loinc": {f"{ord(owner.name[-1])}-0": "random"},
        "plausible": f"0 to 100000 {owner.units[0]}",
        "lookback": random.choice(LOOKBACKS),
        "trusts": random.choice(("limits", "range")),
        "reference": [interval(random, owner) for _ in range(random.randint(0, 3))],
    }
    if one_in(random, 4):
        document["reference"] = [interval(random, owner, sex) for sex in ("female", "male")]
    if owner.grams:
        document["molar_mass"] = owner.grams
    if owner.charge:
        document["charge"] = owner.charge
    if owner.forms:
        document["forms"] = {"nitrogen": "28.014"}
    return document


def interval(random: Random, owner: Owner, sex: str = "") -> Document:
    low, high = random.choice(INTERVALS)
    document: Document = {"source": "general-knowledge", "age": random.choice(AGES)}
    if sex := sex or random.choice(("", "", "female", "male")):
        document["sex"] = sex
    if low:
        document["low"] = limit(random, owner, low)
    if high:
        document["high"] = limit(random, owner, high)
    return document


def limit(random: Random, owner: Owner, number: str) -> str:
    """A number of the owner's unit as a limit: in that unit, in another one, or in two."""
    own, last = owner.units[0], owner.units[-1]
    units = random.choice(((own,), (own,), (last,), owner.units[:2], owner.units[:2][::-1]))
    texts = [as_published(owner, number, unit) for unit in units]
    if owner.forms and units[0] in MASSES and one_in(random, 2):
        texts[0] += " as nitrogen"
    return " | ".join(texts)


def as_published(owner: Owner, number: str, unit: str) -> str:
    """A number of the owner's unit in another one, rounded as a guideline would."""
    grams = Fraction(owner.grams or 1)
    factor = {
        ("mmol/L", "umol/L"): Fraction(1000),
        ("mmol/L", "mg/dL"): grams / 10,
        ("mmol/L", "g/L"): grams / 1000,
        ("mmol/L", "meq/L"): Fraction(2),
        ("mg/dL", "g/L"): Fraction(1, 100),
        ("mg/dL", "mmol/L"): 10 / grams,
        ("U/L", "ukat/L", "[IU]/L"): Fraction(1, 60),
        ("1", "%"): Fraction(100),
    }.get((owner.units[0], unit), Fraction(1))
    return f"{rounded(Fraction(number) * factor, 3):f} {unit}"


GRADES = ("mild", "moderate", "severe")


def finding(random: Random, owner: Owner, *, low: bool) -> Document:
    """A finding of one to three grades, the grades now and then for adults or children only."""
    grades = list(graded(random, owner, low=low))
    if one_in(random, 4):
        children = random.choice(("under 18 y", "1 y to 17 y"))
        grades = [grade | {"age": "18 y and over"} for grade in grades]
        grades += [grade | {"age": children} for grade in graded(random, owner, low=low)]
    return {
        "finding": f"{'low' if low else 'high'}-{owner.name}",
        "name": f"{'low' if low else 'high'} {owner.name}",
        "analyte": owner.name,
        "grades": grades,
        "references": [],
    }


def graded(random: Random, owner: Owner, *, low: bool) -> Iterable[Document]:
    numbers = random.sample(NUMBERS, random.randint(1, len(GRADES)))
    numbers.sort(key=Fraction, reverse=low)
    for word, number in zip(GRADES, numbers, strict=False):
        side = random.choice(("below", "at_or_below") if low else ("above", "at_or_above"))
        grade: Document = {"grade": word, side: limit(random, owner, number)}
        if one_in(random, 4):
            multiple = "0.5 x reference" if low else "1.5 x reference"
            grade[side] = "reference" if word == "mild" else multiple
        if one_in(random, 4):
            grade["critical"] = True
        yield grade


FORMULAS = (
    ("x", "x * 0.5", "10 - x", "x ** 2", "x * age / 40", "max(x, 3)", "x ** -0.5"),
    ("x + y", "x - y", "x / y", "min(x, y * 2)", "2 * x - y / 3", "x + 0.02 * (8 - y)"),
)


def derived(random: Random, owner: Owner, of: Sequence[Owner]) -> Document:
    """A derived value of the first of some analytes, or of its first two."""
    unit = owner.units[0]
    document: Document = {
        "derived": owner.name,
        "name": f"derived {owner.name}",
        "unit": unit,
        "references": [],
        "plausible": f"{random.choice(('-1000', '0'))} to 1000 {unit}",
        "lookback": random.choice(LOOKBACKS),
        "reference": [interval(random, owner) for _ in range(random.randint(0, 1))],
    }
    if one_in(random, 3):
        kind = random.choice(("rise", "fall", "ratio"))
        over = random.choice(("24 h", "72 h"))
        document["change"] = {"analyte": of[0].name, "kind": kind, "over": over}
        if kind == "ratio":
            document |= {"unit": "1", "plausible": "0 to 1000", "reference": []}
        return document
    inputs = of[: random.randint(1, 2)]
    document["inputs"] = {
        name: formula_input(random, each) for name, each in zip("xy", inputs, strict=False)
    }
    document["formulas"] = [
        formula(random, FORMULAS[len(inputs) - 1]) for _ in range(random.randint(1, 2))
    ]
    document["same_draw"] = random.choice(("1 h", "24 h"))
    document["unless_measured"] = [of[-1].name] if one_in(random, 4) else []
    if one_in(random, 2):
        document["stands_for"] = of[0].name
    return document


def formula_input(random: Random, of: Owner) -> Document:
    unit = random.choice(of.units)
    document: Document = {"analyte": of.name, "unit": unit}
    if of.forms and unit in MASSES and one_in(random, 2):
        document["form"] = "nitrogen"
    if one_in(random, 3):
        number = as_published(of, "1.5", unit).split()[0]
        document["valid"] = f"{number} to {as_published(of, '8', unit)}"
    return document


def formula(random: Random, formulas: Sequence[str]) -> Document:
    document: Document = {"formula": random.choice(formulas)}
    if sex := random.choice(("", "", "female")):
        document["sex"] = sex
    if age := random.choice(("", "", "18 y and over")):
        document["for_age"] = age
    return document


# ------------------------------------------------------------- problems and medicines


def problem(random: Random, name: str) -> Document:
    return {
        "problem": name,
        "name": f"problem {name}",
        "groups": some(random, ("pg0", "pg1")),
        "sign": one_in(random, 3),
    }


def medicine(random: Random, name: str) -> Document:
    return {
        "medicine": name,
        "name": f"medicine {name}",
        "groups": some(random, ("mg0", "mg1")),
        "lingers": random.choice(("0 d", "3 d", "10 d")),
    }


# ------------------------------------------------------------------------ conditions


class Words(NamedTuple):
    """The ids and groups that conditions of one rule set may name; findings with their grades."""

    measured: tuple[str, ...]
    derived: tuple[str, ...]
    findings: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]
    medicines: tuple[str, ...]
    crowds: tuple[str, ...]
    states: tuple[str, ...] = ()


LEAVES = (
    *("finding",) * 7,
    *("normal",) * 3,
    *("problem",) * 3,
    *("treatment",) * 3,
    *("count_distinct", "state", "state", "age", "sex", "quality"),
)


def condition(random: Random, words: Words, depth: int) -> Document:
    join = random.choice(("leaf", "all", "any", "any", "of")) if depth else "leaf"
    if join == "leaf":
        return leaf(random, words)
    parts = [condition(random, words, depth - 1) for _ in range(random.randint(1, 3))]
    if join == "of":
        return {"at_least": str(random.randint(1, len(parts))), "of": parts}
    if join == "all" and not one_in(random, 3):
        return {"all": parts, "same_draw": random.choice(("1 h", "1 h", "24 h"))}
    return {join: parts}


def remark_condition(random: Random, words: Words) -> Document:
    absent: Document = {"not_measured": random.choice(words.measured + words.derived)}
    if one_in(random, 2):
        return absent
    return {random.choice(("all", "any")): [absent, leaf(random, words)]}


def leaf(random: Random, words: Words) -> Document:
    lacking = {
        "finding": not words.findings,
        "treatment": not words.medicines,
        "count_distinct": not words.crowds,
        "state": not words.states,
    }
    kind = random.choice([each for each in LEAVES if not lacking.get(each)])
    match kind:
        case "finding":
            return finding_leaf(random, words)
        case "normal":
            normal: Document = {"normal": random.choice(words.measured + words.derived)}
            return normal | random.choice(({}, {}, {"within": "24 h"}, {"within": "72 h"}))
        case "problem":
            return problem_leaf(random, words)
        case "treatment":
            return treatment_leaf(random, words)
        case "count_distinct":
            return {"count_distinct": f"2 of {random.choice(words.crowds)}"}
        case "state":
            return {"state": random.choice(words.states)}
        case "age":
            return {"age": random.choice(AGES)}
        case "sex":
            return {"sex": random.choice(("female", "male"))}
        case _:
            return {"quality": "hemolyzed", "analyte": random.choice(words.measured)}


def finding_leaf(random: Random, words: Words) -> Document:
    name = random.choice(list(words.findings))
    found: Document = {"finding": name}
    if one_in(random, 3):
        found["at_least"] = random.choice(words.findings[name])
    time = random.choice(("", "", "", "within", "older_than", "worst_within"))
    if time in ("within", "older_than"):
        found[time] = random.choice(SPANS)
    elif time:
        found["worst_within"] = f"{random.choice(SPANS)} of {random.choice(('now', 'sign'))}"
    return found


def problem_leaf(random: Random, words: Words) -> Document:
    found: Document = {"problem": random.choice(words.problems)}
    if including := some(random, ("past", "unconfirmed")):
        found["including"] = including
    if one_in(random, 3):
        found["began"] = window(random)
    return found


def treatment_leaf(random: Random, words: Words) -> Document:
    found: Document = {"treatment": random.choice(words.medicines)}
    time = random.choice(("", "", "within", "started", "started", "stopped"))
    if time == "within":
        found["within"] = random.choice(SPANS)
    elif time:
        around = random.choice(AROUND)
        if around != "unknown":
            first = "first " if time == "started" and around.startswith("first ") else ""
            found[time] = f"{first}within {random.choice(SPANS)} {around.removeprefix('first ')}"
        elif time == "started":
            found[time] = around
    return found


def window(random: Random) -> str:
    around = random.choice(("before sign", "after sign", "before now"))
    return f"within {random.choice(SPANS)} {around}"


# ------------------------------------------------------------------- causes and links


def cause(random: Random, name: str, words: Words) -> Document:
    return {
        "cause": name,
        "name": f"cause {name}",
        "kind": random.choice(KINDS),
        "mechanism": "random",
        "evidence": "supported",
        "references": [],
        "confirm": some(random, (*words.measured, *words.derived, "scan")),
        "ceiling": random.choice(("strong", "strong", "moderate", "weak")),
        "heeds_critical": not one_in(random, 4),
    }


EFFECTS = ("supports", "supports", "supports", "strengthens", "against", "suppress")


def link(random: Random, name: str, words: Words, causes: Sequence[str]) -> Document:
    """A link of any effect; `subsumed_by` names an earlier cause, so that none goes in a circle."""
    document: Document = {
        "link": name,
        "because": "random",
        "when": condition(random, words, depth=2),
        "references": [],
        "speaks_against": "random",
        "status": random.choice(("active",) * 6 + ("shadow", "retired")),
        "check_next": some(random, (*words.measured, *words.derived, "scan", "tap")),
    }
    if one_in(random, 2):
        document["remarks"] = [{"when": remark_condition(random, words), "say": f"{name} says"}]
    effect = random.choice(EFFECTS)
    if effect == "supports":
        own = random.randrange(len(causes))
        document["cause"] = causes[own]
        document["strength"] = random.choice(("weak", "moderate", "strong"))
        document["upstream_of"] = some(random, causes)
        if own and one_in(random, 2):
            document["subsumed_by"] = random.choice(causes[:own])
        return document
    several = random.sample(causes, random.randint(1, min(2, len(causes))))
    document["cause"] = several if len(several) > 1 else several[0]
    if effect == "suppress" and words.findings:
        document["suppress"] = random.choice(list(words.findings))
        if one_in(random, 2):
            del document["cause"]
    elif effect == "against":
        document["against"] = random.randint(1, 2)
    else:
        document["strengthens"] = random.randint(1, 2)
    return document


def family_links(random: Random, words: Words) -> Iterator[Document]:
    """Links of the drug family: one that names medicines, and one about all that are named."""
    without = words._replace(medicines=(), crowds=(), states=())
    taken = treatment_leaf(random, words)
    when: Document = taken
    if one_in(random, 2):
        when = {"all": [taken, condition(random, without, depth=1)]}
    yield {
        "link": "medicines",
        "cause": "drug-{agent}",
        "because": "{name} may do it.",
        "when": when,
        "references": [],
        "speaks_against": "random",
        "strength": random.choice(("weak", "moderate", "strong")),
        "check_next": ["{name} level"],
    }
    if one_in(random, 2):
        yield {
            "link": "any-medicine",
            "cause": "drug-{agent}",
            "because": "random",
            "when": condition(random, without, depth=1),
            "references": [],
            "speaks_against": "random",
            random.choice(("against", "strengthens")): 1,
        }


# ------------------------------------------------------------------------ rule sets

FINDINGS_OF_ONE: tuple[tuple[bool, ...], ...] = (
    (),
    (True,),
    (False,),
    (True, False),
    (True, False),
)


def rule_set(random: Random) -> list[Document]:
    """Two to four analytes, and something of everything else."""
    analytes = [
        random.choice(SUBSTANCES)._replace(name=f"a{n}") for n in range(random.randint(2, 4))
    ]
    values = [derived_pair(random, f"d{n}", analytes) for n in range(random.choice((0, 1, 1, 2)))]
    owners = [*analytes, *(owner for owner, _ in values)]
    findings = [
        finding(random, owner, low=low)
        for owner in owners
        for low in random.choice(FINDINGS_OF_ONE)
    ]
    problems = [problem(random, f"p{n}") for n in range(3)]
    medicines = [medicine(random, f"m{n}") for n in range(3)]
    words = Words(
        measured=tuple(owner.name for owner in analytes),
        derived=tuple(owner.name for owner, _ in values),
        findings={str(each["finding"]): tuple(grades_of(each)) for each in findings},
        problems=("p0", "p1", "p2", *groups_of(problems)),
        medicines=("m0", "m1", "m2", *groups_of(medicines)),
        crowds=groups_of(medicines, at_least=2),
    )
    states: list[Document] = []
    for n in range(random.randint(0, 2)):
        when = condition(random, words, depth=1)
        states.append({"state": f"s{n}", "name": f"state {n}", "when": when})
        words = words._replace(states=(*words.states, f"s{n}"))
    causes = [f"c{n}" for n in range(random.randint(1, 4))]
    links = [link(random, f"l{n}", words, causes) for n in range(random.randint(2, 7))]
    if one_in(random, 2):
        links += family_links(random, words)
    return [
        *(RULESET, UNITS),
        *(analyte(random, owner) for owner in analytes),
        *(document for _, document in values),
        *(findings + problems + medicines + states),
        *(cause(random, name, words) for name in (*causes, "drug-{agent}")),
        *links,
    ]


def derived_pair(random: Random, name: str, analytes: list[Owner]) -> tuple[Owner, Document]:
    of = random.sample(analytes, 2)
    document = derived(random, Owner(name, of[0].units[:1]), of)
    return Owner(name, (str(document["unit"]),)), document


def grades_of(document: Document) -> Iterable[str]:
    grades = document["grades"]
    assert isinstance(grades, list)
    return dict.fromkeys(grade["grade"] for grade in grades)


def groups_of(documents: Iterable[Document], at_least: int = 1) -> tuple[str, ...]:
    named: list[str] = []
    for document in documents:
        groups = document["groups"]
        assert isinstance(groups, list)
        named += groups
    return tuple(sorted({group for group in named if named.count(group) >= at_least}))
