"""What reading looks up in a rule set again and again, prepared once for each rule set."""

from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from service.fhir.grammar import grammar_of
from service.knowledge.language import Analyte
from service.knowledge.model import CodeIndex, Knowledge, Measured
from service.knowledge.names import fold_name, words_of_test
from service.knowledge.quantities import parse_range
from service.knowledge.units import convert, find_unit, scale

#: Senders' spellings and codes that are remembered; beyond that the memory starts afresh.
_MOST_REMEMBERED = 10_000
#: Longer ones are nobody's habit, and are looked up each time.
_LONGEST_REMEMBERED = 200

Bounds = tuple[Decimal, Decimal]


class Meant(Struct, frozen=True):
    """The analyte that a code means. `measured` is what its LOINC codes say; none: by name.

    A name may say which molecule a mass counts (`counts`), which `unit` the value is in, and may
    mean something else but for some values (`plausible`).
    """

    analyte: str
    measured: tuple[Measured, ...] = ()
    counts: str = ""
    unit: str = ""
    plausible: str = ""

    @property
    def form(self) -> str:
        """The molecule that a mass counts."""
        return self.measured[0].form if self.measured else self.counts


class Lexicon:
    """The units that senders mean and the values that can be, each looked up once.

    RulesError where the rule set lacks a list of words that reading listens for.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.grammar = grammar_of(knowledge)
        #: What each LOINC code means that rules know.
        self.loinc = {
            code: Meant(measured.analyte, (measured,)) for code, measured in knowledge.loinc.items()
        }
        findings = {finding.analyte for finding in knowledge.findings.values()}
        #: Analytes that only serve a formula, as a height does, and are never abnormal themselves.
        self.serving = frozenset(
            given.analyte
            for derived in knowledge.derived.values()
            for given in derived.inputs.values()
            if given.analyte not in findings and not knowledge.analytes[given.analyte].reference
        )
        #: Analytes whose values are one number in every unit in which they are reported, as eGFR
        #: is: a value without a unit is in that. Where ranges decide, they tell without a unit.
        self.only_units = {
            rule.analyte: rule.unit
            for rule in knowledge.analytes.values()
            if rule.trusts == "limits" and _is_one_number(rule, knowledge)
        }
        #: Problems by the words of the phrases that name them within a longer text.
        self.phrases = {
            tuple(fold_name(phrase).split(" ")): rule.problem
            for rule in knowledge.problems.values()
            for phrase in rule.phrases
        }
        #: A long name of LOINC's own says all that its code does; what is calculated needs that.
        self._named = {
            fold_name(measured.name): Meant(measured.analyte, counts=measured.form)
            for measured in knowledge.loinc.values()
            if not measured.marks
        }
        self._named |= {name: Meant(analyte) for name, analyte in knowledge.analyte_names.items()}
        for rule in knowledge.analytes.values():
            self._named |= {
                fold_name(name): Meant(rule.analyte, counts=form)
                for form, names in rule.form_names.items()
                for name in names
            }
            self._named |= {
                fold_name(name): Meant(rule.analyte, plausible=values)
                for name, values in rule.narrow_names.items()
            }
        named: dict[tuple[str, ...], set[Meant]] = {}
        for name, meant in self._named.items():
            named.setdefault(words_of_test(name), set()).add(meant)
        #: Analytes by the words of their names, where these are of one analyte alone.
        self.tests = {words: found.pop() for words, found in named.items() if len(found) == 1}
        self._units: dict[tuple[str, str, str], str | None] = {}
        self._coded: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._fluid = lru_cache(_MOST_REMEMBERED)(self.grammar.specimens.fluid)
        self._plausible: dict[tuple[str, str, str, str], Bounds | None] = {}

    def analyte(self, analyte: str) -> Analyte:
        """The document of an analyte."""
        return self.knowledge.analytes[analyte]

    def named(self, name: str) -> Meant | None:
        """What a folded name means: as it is listed, or by its words in any order.

        That it is from serum, plasma or blood may be said besides, or not.
        """
        if name in self._named:
            return self._named[name]
        words = words_of_test(name)
        if found := self.tests.get(words):
            return found
        less = tuple(word for word in words if word not in ("blood", "serum"))
        return self.tests.get(less) if len(less) < len(words) else None

    def unit(self, system: str, code: str, text: str) -> str | None:
        """The unit of the table that a quantity names, None for none."""
        named = (system, code, text)
        if named not in self._units:
            if len(system) + len(code) + len(text) > _LONGEST_REMEMBERED:
                return find_unit(self.knowledge, system, code, text)
            if len(self._units) >= _MOST_REMEMBERED:
                self._units.clear()
            self._units[named] = find_unit(self.knowledge, system, code, text)
        return self._units[named]

    def fluid(self, text: str) -> str:
        """The specimen other than blood that a text names, "" for none."""
        # What senders call a test comes again with every result of it; whole essays do not.
        short = len(text) <= _LONGEST_REMEMBERED
        return self._fluid(text) if short else self.grammar.specimens.fluid(text)

    def problems(self, system: str, code: str) -> tuple[str, ...]:
        """The problems that a code names."""
        return self._find("problem", self.knowledge.problem_codes, system, code)

    def medicines(self, system: str, code: str) -> tuple[str, ...]:
        """The medicines that a code names."""
        return self._find("medicine", self.knowledge.medicine_codes, system, code)

    def _find(
        self, kind: str, indexes: dict[str, CodeIndex], system: str, code: str
    ) -> tuple[str, ...]:
        index = indexes.get(system)
        if not index or not code:
            return ()
        if len(code) > _LONGEST_REMEMBERED:
            return index.find(code)
        asked = (kind, system, code)
        if asked not in self._coded:
            if len(self._coded) >= _MOST_REMEMBERED:
                self._coded.clear()
            self._coded[asked] = index.find(code)
        return self._coded[asked]

    def plausible(self, analyte: str, unit: str, form: str, within: str = "") -> Bounds | None:
        """The least and greatest plausible value of an analyte in a unit that it accepts.

        `within`, where given, stands for the analyte's own plausible range.
        None where the analyte does not connect the unit to that of its plausible range.
        """
        asked = (analyte, unit, form, within)
        if asked not in self._plausible:
            self._plausible[asked] = self._bounds(*asked)
        return self._plausible[asked]

    def _bounds(self, analyte: str, unit: str, form: str, within: str) -> Bounds | None:
        written = parse_range(within or self.analyte(analyte).plausible)

        def here(bound: Decimal) -> Decimal:
            # Rounded to 28 digits: what is plausible is no sharp line.
            exact = convert(self.knowledge, analyte, bound, written.unit, unit, to_form=form)
            return Decimal(exact.numerator) / Decimal(exact.denominator)

        try:
            return here(written.low), here(written.high)
        except ValueError:
            return None


def _is_one_number(rule: Analyte, knowledge: Knowledge) -> bool:
    units = [knowledge.units[unit] for unit in rule.units]
    kinds = {(unit.dimension, scale(unit)) for unit in units}
    return len(kinds) == 1 < len(units) and units[0].dimension != knowledge.units["1"].dimension


@lru_cache(maxsize=4)
def lexicon_of(knowledge: Knowledge) -> Lexicon:
    """The lexicon of a rule set."""
    return Lexicon(knowledge)
