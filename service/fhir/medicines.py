"""Which medicines a concept names, by code, or by a name where no code is known."""

import re
from collections.abc import Iterator

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, texts
from service.fhir.lexicon import Lexicon
from service.knowledge.names import fold_name

#: What names begin with that says how much, in which form, by which way or since when: "24 HR
#: Bupropion 150 MG ...", "IV cefepime", "Tab. gabapentin", "continue lithium".
_LEADING = re.compile(
    r"[0-9]+|x|hrs?|hours?|days?|daily|actuat|ml|mg|mcg|ug|g|gm|iu|units?|"
    r"oral(?:ly)?|po|by|mouth|ivpb?|im|sc|sq|subq|intravenous|intramuscular|subcutaneous|"
    r"intrathecal|epidural|rectal|nasal|sublingual|sl|transdermal|"
    r"inj|injections?|injectable|infusion|tabs?|tablets?|caps?|capsules?|syr|syrup|susp|suspension|"
    r"soln?|solution|liquid|drops?|amps?|ampoules?|vials?|patch(?:es)?|"
    r"sr|er|xr|ir|cr|la|extended|release|slow|modified|prolonged|liposomal|generic|brand|"
    r"rx|takes?|taking|taken|on|gives?|given|starts?|started|starting|restart(?:ed)?|resumed?|"
    r"continues?|continued|increased?|reduced?|currently|current|home|meds?|medications?|drug"
)

#: Where one of these words stands before a name, it need not be what is taken: an allergy, a
#: reason, a comparison, a test of the blood.
_DOUBT = re.compile(
    r"\b(?:no|not|never|none|without|non|nil|stop\w*|discontinu\w*|ceas\w*|dc|avoid\w*|hold|held|"
    r"withh\w*|omit\w*|declin\w*|refus\w*|wean\w*|off|allerg\w*|intoleran\w*|hypersensitiv\w*|"
    r"anaphyla\w*|reactions?|adverse|rash|interact\w*|contraindicat\w*|caution\w*|monitor\w*|"
    r"check|levels?|toxic\w*|poison\w*|serum|plasma|urine|test\w*|assay|screen\w*|"
    r"for|from|than|instead|replac\w*|substitut\w*|switch\w*|convert\w*|history|hx|h o|previous\w*|"
    r"prior|past|former\w*|failed|failure|if|unless|when|while|until|before|after|because|due|"
    r"consider\w*|vs|versus|or|like|anti|antidotes?|antagonists?|antibod\w*|analogs?|resistan\w*|"
    r"placebo|plan\w*|may|might|possibl[ey]|"
    # Spanish and Italian.
    r"sin|senza|suspen\w*|retir\w*|sospe\w*|interr\w*|evita\w*|alergi\w*|intoleranz\w*|nivel\w*|"
    r"livell\w*|toxicidad|intoxica\w*|tossic\w*|intossica\w*|"
    r"en lugar|al posto|antes|prima|despues|dopo|tras)\b"
)

#: Names that in the middle of a text mean something else: the salt of another medicine.
_SALTS = frozenset({"magnesium", "zinc"})

#: Abbreviations as short as that mean many things: INH is isoniazid, and a way to inhale.
_SHORTEST = 4

_ALLERGIC = (
    r"(?:allerg(?:y|ies|ic)|intoleran(?:t|ce)|adverse (?:reaction|event|effect)|"
    # Spanish and Italian.
    r"alergi\w*|allergia|allergic[ao]|intoleranci\w*|intolleran\w*)"
)
_ENDED = (
    r"(?:stopped|"
    r"discontinued|d ?c(?: d)?|ceased|declined|refused|withheld|omitted|on hold|"
    r"held(?! (?:if|for|when|until))|"
    r"(?:not|never|no longer) (?:(?:being|been|currently|presently) )?"
    r"(?:taken|taking|tolerated|given|started|used|using|on)|"
    # Spanish and Italian.
    r"suspendid[ao]s?|retirad[ao]s?|interrumpid[ao]s?|sospes[aoei]|interrott[aoei])"
)
_NEGATED = f"(?:{_ALLERGIC}|{_ENDED})"

#: What stands before a name that it negates: "no gabapentin", "not taking gabapentin".
_BEFORE = re.compile(
    rf"(?:^|.* )(?:no|not|never|without|stop|avoid|denies|sin|senza|{_NEGATED})"
    r"(?: (?:to|on|of|the|any|longer|taking|take|using|use|given|give|started|start|prescribe|"
    r"a|al|ai|alla|alle|la|el|los|las|de|di|toma|assume))*"
)

#: Words that are no object of their own: doses, and who says what of it.
_FILLING = (
    r"(?:[0-9]+|mc?g|ml|iu|oral|tab(?:let)?s?|cap(?:sule)?s?|patient|pt|is|was|has|had|been|it|this|"
    r"med(?:ication|icine)?s?|drugs?|now|documented|known|report(?:s|ed)|states?|severe|listed|as)"
)
#: Words between a name, or the beginning of a sentence, and what negates it.
_BETWEEN = rf"(?:{_FILLING} )*"

#: What stands after a name that it negates. Instructions for doses come in between only where
#: it ends the clause: "do not exceed" and "stop if drowsy" are said of what is taken. An allergy
#: that is named before or behind is one to something else.
_AFTER = re.compile(
    rf"{_BETWEEN}(?:free|levels?|toxicity|poisoning|withdrawal|monitoring|assay|heparin|"
    rf"{_ENDED})\b.*|"
    r"(?:.*(?<!\bif)(?<!\buntil)(?<!\bunless)(?<!\bwhen)(?<!\bnot)(?<!\bno)(?<!\bknown) )?"
    rf"{_ENDED}|"
    rf"{_BETWEEN}{_ALLERGIC}(?: reactions?)?|"
    rf"(?!allergies\b){_ALLERGIC}(?! to\b)\b.*"
)

#: A sentence behind the one with the name that negates it: "Patient not taking since May". One
#: that goes on with anything else may have that as its object: "Stopped smoking".
_AFTERWARDS = re.compile(
    rf"{_BETWEEN}(?:{_ALLERGIC}(?: reactions?)?|{_ENDED}(?: (?:[0-9]+|it|this|taking|using|use|on|"
    r"in|since|by|due|because|secondary|after|for|at|as|per|from|and|last|today|yesterday|reported|"
    r"weeks?|months?|years?)\b.*)?)"
)

_FILLS = re.compile(_FILLING)

#: What says that there is no allergy, and so nothing of a medicine that comes next.
_NO_ALLERGY = re.compile(r"\b(?:no|nil|not|denies) (?:\w+ ){0,2}allerg\w*$")

#: Where a sentence ends, and where a clause does. "2.5 mg" is within one.
_SENTENCE = re.compile(r"[.!?]\s+|\n+")
_CLAUSE = re.compile(r"[.!?]\s+|[;\n]+")

#: Longest names in words that are tried at each place of a text.
_MOST_WORDS = 4

#: A text longer than this is no name of a medicine.
_LONGEST = 300


class Taken(Struct, frozen=True):
    """The medicines that a concept names, in id order.

    `denied`: its words say that what they name is not taken, or not as a medicine. `doubtful`:
    they name a medicine that is not among these, as they leave open whether it is taken.
    """

    medicines: tuple[str, ...] = ()
    by_name: bool = False
    denied: bool = False
    doubtful: bool = False


def medicines_of(concept: wire.CodeableConcept | None, lexicon: Lexicon) -> Taken:
    """The medicines that a concept names.

    RxNorm, ATC and SNOMED CT codes come first. Product codes of RxNorm are not those of their
    ingredients, so where no code is known the texts are read for names, in whole words.
    """
    names = lexicon.knowledge.medicine_names
    words = [text for text in texts(concept) if len(text) <= _LONGEST]
    denied = any(_denies(text, names) for text in words)
    found = {
        medicine
        for system, code in codings(concept)
        for medicine in lexicon.medicines(system, code)
    }
    if found:
        return Taken(tuple(sorted(found)), denied=denied)
    read = [one for text in words for one in _named(text, names)]
    named = {medicine for medicine, sure in read if sure}
    doubtful = any(medicine not in named for medicine, _ in read)
    return Taken(tuple(sorted(named)), by_name=True, denied=denied, doubtful=doubtful)


def _named(text: str, names: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """The medicines that a text names, and whether its words leave no doubt that each is taken.

    Of a combination ("A 5 MG / B 10 MG Oral Tablet") each part is a beginning.
    """
    before: list[str] = []
    for part in text.split(" / "):
        leading = True
        for sentence in _SENTENCE.split(part):
            words = fold_name(sentence).split(" ")
            i = 0
            while i < len(words):
                name = _longest(words[i : i + _MOST_WORDS], names)
                if name and (leading or not (name in _SALTS or len(name) < _SHORTEST)):
                    yield names[name], not _DOUBT.search(" ".join(before))
                length = len(name.split(" ")) if name else 1
                leading = leading and bool(_LEADING.fullmatch(words[i]))
                before += words[i : i + length] if not name else []
                i += length
            if not _goes_on(words):
                before.clear()


def _goes_on(words: list[str]) -> bool:
    """Whether what a sentence or clause doubts may be what comes next, as it names nothing itself.

    "Hx. gabapentin" goes on; "Penicillin allergy. Gabapentin" does not.
    """
    names_nothing = all(
        _DOUBT.fullmatch(word) or _FILLS.fullmatch(word) or _LEADING.fullmatch(word)
        for word in words
    )
    return names_nothing and not _NO_ALLERGY.search(" ".join(words))


def _denies(text: str, names: dict[str, str]) -> bool:
    """Whether a text negates the medicine that it names, or negates and names nothing.

    What stands behind the name negates it within its clause, or as a sentence of its own that
    has no other object.
    """
    clauses = [fold_name(clause) for clause in _CLAUSE.split(text)]
    before: list[str] = []
    for place, clause in enumerate(clauses):
        words = clause.split(" ")
        for i in range(len(words)):
            if name := _longest(words[i : i + _MOST_WORDS], names):
                after = " ".join(words[i:])[len(name) + 1 :]
                doubted = text.strip().startswith("?") or text.rstrip().endswith("?")
                return (
                    doubted
                    or bool(_BEFORE.fullmatch(" ".join([*before, *words[:i]])))
                    or bool(_AFTER.fullmatch(after))
                    or any(map(_AFTERWARDS.fullmatch, clauses[place + 1 :]))
                )
        before = before + words if _goes_on(words) else []
    return bool(re.fullmatch(_NEGATED, fold_name(text)))


def _longest(words: list[str], names: dict[str, str]) -> str:
    """The longest name that the words begin with, "" for none."""
    for length in range(len(words), 0, -1):
        if (name := " ".join(words[:length])) in names:
            return name
    return ""
