"""How the words that rules list are joined to patterns: where in a text each of them counts.

Which words these are stands in rules/words.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from service.knowledge.faults import Fault, RulesError
from service.knowledge.model import Knowledge
from service.knowledge.words import missing, pattern

# Words that may stand any number of times are in atomic groups, "(?>": where lists overlap, a text
# would else be tried in twice as many ways with each word.

#: Each list by its id, as the source of a pattern that is one group.
_Words = Mapping[str, str]


class OfProblems(Struct, frozen=True):
    """Where the words beside the name of a problem count.

    `denies`, `doubts` and `denies_others` are for texts as they were written, the others for
    folded ones. `leaves_open` takes a text in which "#" stands for the phrases.
    """

    denies: re.Pattern[str]
    doubts: re.Pattern[str]
    leaves_open: re.Pattern[str]
    denies_others: re.Pattern[str]
    negates: re.Pattern[str]


def _of_problems(words: _Words) -> OfProblems:
    return OfProblems(
        denies=_written(
            rf"^\s*{words['denied-from-the-start']}\b(?!-)|"
            rf"\b(?:{words['relatives']}|{words['denied-anywhere']})\b"
        ),
        doubts=_written(
            rf"^\s*(?:\?|{words['doubted-from-the-start']}\b)|\?\s*$|"
            rf"\b{words['doubted-anywhere']}\b"
        ),
        leaves_open=re.compile(
            rf"(?<!\w)(?:{words['left-open']}|{words['relatives']}|"
            rf"# {words['left-open-behind']})\b"
        ),
        # The end of a sentence that denies something else than what it began with: "myoclonus
        # without loss of consciousness". "No longer" denies what came before.
        denies_others=_written(
            rf"(?<=\w)(?:,? {words['denies-what-follows']}|"
            rf"[,;.] {words['denies-what-follows-a-comma']}) "
            rf"(?!{words['denies-what-came-before']}\b)[^;.?]+"
        ),
        negates=re.compile(rf"{words['negating-prefixes']} (\w+)"),
    )


class OfMedicines(Struct, frozen=True):
    """Where the words beside the name of a medicine count; all are for folded texts.

    `doubts` and `before` are for what stands before the name, `after` for what stands behind it in
    its clause, `afterwards` for each clause behind that, `negates` for a text without a name.
    `leads_in` and `fills` are for single words, `salt` for a name.
    """

    leads_in: re.Pattern[str]
    doubts: re.Pattern[str]
    salt: re.Pattern[str]
    fills: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    afterwards: re.Pattern[str]
    negates: re.Pattern[str]
    no_allergy: re.Pattern[str]


def _of_medicines(words: _Words) -> OfMedicines:
    allergic = words["allergies"]
    ended = (
        rf"(?:{words['medicine-ended']}|"
        rf"{words['not-any-more']} (?:{words['at-present']} )?{words['taken']})"
    )
    negated = rf"(?:{allergic}|{ended})"
    filling = rf"(?:[0-9]+|{words['medicine-fillers']})"
    between = rf"(?>{filling} )*"
    return OfMedicines(
        leads_in=re.compile(rf"[0-9]+|{words['medicine-lead-ins']}"),
        doubts=re.compile(rf"\b{words['medicine-doubts']}\b"),
        salt=re.compile(words["salts"]),
        fills=re.compile(filling),
        # "No gabapentin", "not taking gabapentin", "allergic to gabapentin".
        before=re.compile(
            rf"(?:^|.* )(?:{words['negates-a-medicine']}|{negated})"
            rf"(?> {words['between-negation-and-medicine']}\b)*"
        ),
        # Instructions for doses come in between only where it ends the clause: "do not exceed" and
        # "stop if drowsy" are said of what is taken. An allergy that is named before or behind is
        # one to something else.
        after=re.compile(
            rf"{between}(?:{words['no-medicine-behind']}|{ended})\b.*|"
            rf"(?!(?:.* )?{words['conditions-of-an-end']} {ended}$)(?:.* )?{ended}|"
            rf"{between}{allergic}|"
            rf"(?!{words['headings-of-allergies']}\b){allergic}"
            rf"(?! {words['object-of-an-allergy']}\b)\b.*"
        ),
        # "Patient not taking since May". A sentence that goes on with anything else may have that
        # as its object: "Stopped smoking".
        afterwards=re.compile(
            rf"{between}(?:{allergic}|"
            rf"{ended}(?: (?:[0-9]+|{words['goes-on-about-the-end']})\b.*)?)"
        ),
        negates=re.compile(negated),
        no_allergy=re.compile(rf"\b{words['denies-an-allergy']} (?:\w+ ){{0,2}}{allergic}$"),
    )


#: How fast a patch gives what is in it, written as one of many ways: "25 mcg/h", "4 mg/24 hours".
_RATE = (
    r"(?:m?c?g|[u\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}]g|micrograms?|milligrams?) ?(?:/|per) ?"
    r"(?:24 ?)?h(?:(?:ou)?rs?)?"
)


class OfWays(Struct, frozen=True):
    """Where words count that tell the way of a medicine into the body; for texts as written.

    `stays` and `stays_there` are two ways to say that it stays where it is put, unless the second
    is behind a reason. `reaches` finds each way into the whole body, or what denies one. Of both
    the group 1 tells which.
    """

    stays: re.Pattern[str]
    stays_there: re.Pattern[str]
    reaches: re.Pattern[str]
    patch: re.Pattern[str]


def _of_ways(words: _Words) -> OfWays:
    side = rf"(?>{words['sides']} )*"
    gel = words["stays-with-a-percentage"]
    reaches = rf"(?:{words['reaches-the-whole-body']}|{_RATE})"
    return OfWays(
        # What is put into an eye or ear; "ringing in the ears" is an effect, and no way.
        stays=_written(
            rf"\b(?:{words['stays-where-it-is-put']}|[0-9]+ ?% {gel}|{gel} [0-9.,]+ ?%|"
            rf"(?:^|{words['puts']} (?:[\w.]+ ){{0,4}}){words['into']} "
            rf"{side}{words['eyes-and-ears']}|"
            rf"{words['puts-on-skin']} {side}{words['skin']}|"
            rf"{words['eye-ear-or-skin']}(?=[ -]*(?:[^\w\s-]|[0-9]|{words['forms-and-doses']}\b))"
            r")(?!\w)"
        ),
        stays_there=_written(
            rf"(\b{words['indications']} )?\b{words['eye-ear-or-skin']}(?!\w)(?=\s*$)"
        ),
        reaches=_written(rf"\b{words['not-this-way']} {reaches}\b|\b({reaches})\b"),
        patch=_written(rf"\b{words['patches']}\b"),
    )


class OfSigns(Struct, frozen=True):
    """Where words count that ask for a sign or tell of one; for texts as written.

    `yes` and `no` are for a whole value, as are `tells_how` and `tells_nothing`; these are in lower
    case.
    """

    asks: re.Pattern[str]
    asks_of_others: re.Pattern[str]
    yes: re.Pattern[str]
    no: re.Pattern[str]
    tells_how: re.Pattern[str]
    tells_nothing: re.Pattern[str]


def _of_signs(words: _Words) -> OfSigns:
    nothing = words["tells-nothing-of-a-sign"]
    end = r"(?:[\s,;:.()/-]+|$)"
    return OfSigns(
        asks=_written(rf"\b{words['asks-what-is-there']}\b"),
        asks_of_others=_written(rf"\b(?:{words['asks-of-others']}|{words['relatives']})\b"),
        yes=re.compile(words["yes"]),
        no=re.compile(words["no"]),
        tells_how=re.compile(rf"(?>(?:{words['tells-how-a-sign-looks']}|{nothing}){end})+"),
        tells_nothing=re.compile(rf"(?>{nothing}{end})+"),
    )


#: Specimens that a result of serum, plasma or blood is never from: the first that is named is told.
_FLUIDS = (
    "specimen-urine",
    "specimen-cerebrospinal-fluid",
    "specimen-dialysis-fluid",
    "specimen-circuit",
    "specimen-control",
    "specimen-donor",
    "specimen-body-fluid",
    "specimen-drainage",
    "specimen-saliva",
    "specimen-stool",
    "specimen-milk",
    "specimen-tissue",
)


class Fluid(Struct, frozen=True):
    """A specimen other than blood: what it is called, and how it is known in texts as written."""

    name: str
    pattern: re.Pattern[str]


class OfSpecimens(Struct, frozen=True):
    """Where words count that tell what a specimen is; `fluids` by their lists."""

    fluids: dict[str, Fluid]
    hemolyzed: re.Pattern[str]
    not_hemolyzed: re.Pattern[str]

    def fluid(self, text: str) -> str:
        """The specimen other than blood that a text names, "" for none."""
        found = (fluid.name for fluid in self.fluids.values() if fluid.pattern.search(text))
        return next(found, "")


def _of_specimens(words: _Words, knowledge: Knowledge) -> OfSpecimens:
    hemolyzed = words["hemolyzed"]
    return OfSpecimens(
        fluids={
            name: Fluid(knowledge.words[name].name, _written(rf"\b{words[name]}\b"))
            for name in _FLUIDS
        },
        hemolyzed=_written(rf"\b{hemolyzed}\b"),
        not_hemolyzed=_written(
            rf"\b{words['not-hemolyzed-before']}\b[^.;,]{{0,30}}{hemolyzed}|"
            rf"{hemolyzed}\W{{0,4}}{words['not-hemolyzed-behind']}\b"
        ),
    )


class Grammar(Struct, frozen=True):
    """The patterns of a rule set, by what the texts are about."""

    problems: OfProblems
    medicines: OfMedicines
    ways: OfWays
    signs: OfSigns
    specimens: OfSpecimens


def grammar_of(knowledge: Knowledge) -> Grammar:
    """The patterns of a rule set. RulesError where it lacks a list that is listened for."""
    if lacking := missing(knowledge.words):
        text = f"reading listens for lists that are not there: {', '.join(lacking)}"
        raise RulesError((Fault("words", 1, "words", text),))
    words = {name: pattern(rule) for name, rule in knowledge.words.items()}
    return Grammar(
        problems=_of_problems(words),
        medicines=_of_medicines(words),
        ways=_of_ways(words),
        signs=_of_signs(words),
        specimens=_of_specimens(words, knowledge),
    )


def _written(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)
