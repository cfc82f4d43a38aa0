"""The links of a rule set, compiled: conjunctions of numbered leaves, each ready to be judged."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from service.engine.conditions import (
    Answer,
    Question,
    pattern_of,
    question_of,
    question_of_draw,
    word_of,
)
from service.engine.conjunctions import Conjunction, Draw, TooComplexError, expand
from service.engine.laboratory import Laboratory
from service.engine.linking import Fact, Pattern
from service.engine.situation import Situation
from service.knowledge.agents import causes_of
from service.knowledge.language import Condition, Link
from service.knowledge.model import Knowledge
from service.record import STRENGTHS

Effect = Literal["supports", "strengthens", "against"]
_EFFECTS: tuple[Effect, ...] = ("supports", "strengthens", "against")
#: A conjunction as the numbers of its leaves and draws.
Numbers = tuple[int, ...]


class Said(Struct, frozen=True):
    """A remark, and the alternatives of which one must hold."""

    say: str
    alternatives: tuple[Numbers, ...]


class CompiledLink(Struct, frozen=True):
    """A link, the causes it is about, and the alternatives of which one must hold.

    One that suppresses a finding has no effect on causes of its own. `findings` are those that its
    alternatives ask for; `order` is its place among the links of a cause: supporting first, strong
    first.
    """

    link: Link
    effect: Effect | None
    causes: tuple[str, ...]
    alternatives: tuple[Numbers, ...]
    remarks: tuple[Said, ...]
    findings: frozenset[str]
    order: tuple[int, int, str]


class Rulebook:
    """All links of a rule set but the retired ones, in the order of their ids.

    `findings` holds for each leaf the finding that it asks for, "" for other leaves, and
    `asking` the leaves by the finding.
    `patterns` are the conjunctions of all links for durable-rules, and `owners` the
    link and alternative that each is. Raises TooComplexError, naming the link.
    """

    def __init__(self, knowledge: Knowledge, laboratory: Laboratory) -> None:
        self._knowledge = knowledge
        self._laboratory = laboratory
        self._numbers: dict[Condition | Draw, int] = {}
        self._patterns: list[Pattern] = []
        self.questions: list[Question] = []
        self.findings: list[str] = []
        self.links = [
            self._compile(link) for link in knowledge.links.values() if link.status != "retired"
        ]
        self.owners = [(link, numbers) for link in self.links for numbers in link.alternatives]
        self.patterns = [[self._patterns[n] for n in numbers] for _, numbers in self.owners]
        joined = {number for _, numbers in self.owners for number in numbers}
        self.asking: dict[str, list[int]] = {}
        for number, finding in enumerate(self.findings):
            self.asking.setdefault(finding, []).append(number)
        self._normals = {pattern.of for pattern in self._patterns if pattern.kind == "normal"}
        self._judged: dict[str, list[tuple[int, Fact]]] = {}
        for part, number in self._numbers.items():
            pattern = self._patterns[number]
            if pattern.kind == _JUDGED and number in joined:
                judged = self._judged.setdefault(word_of(_rarest(part), knowledge), [])
                judged.append((number, Fact(pattern.kind, pattern.of)))

    def sit(self, situation: Situation) -> "Sitting":
        """The questions of this rule book, to be asked of one situation."""
        return Sitting(situation, self.questions)

    def facts(self, sitting: "Sitting") -> list[Fact]:
        """Everything that durable-rules must be told of a situation."""
        situation = sitting.situation
        showing = situation.showing
        words = {
            "",
            *showing.counting,
            *showing.findings,
            *situation.problems,
            *situation.treatments,
        }
        judged = (each for word in words & self._judged.keys() for each in self._judged[word])
        held = (fact for number, fact in judged if sitting[number] is not None)
        return [*situation.facts(self._normals), *held]

    def _compile(self, link: Link) -> CompiledLink:
        try:
            effect, alternatives = _effect(link), self._alternatives(link.when)
            return CompiledLink(
                link=link,
                effect=effect,
                causes=causes_of(link),
                alternatives=alternatives,
                remarks=tuple(
                    Said(remark.say, self._alternatives(remark.when)) for remark in link.remarks
                ),
                findings=frozenset(
                    self.findings[number] for numbers in alternatives for number in numbers
                ),
                order=(
                    _EFFECTS.index(effect) if effect else len(_EFFECTS),
                    -STRENGTHS.index(link.strength) if link.strength else 0,
                    link.link,
                ),
            )
        except TooComplexError as error:
            raise TooComplexError(f"link {link.link} {error}") from None

    def _alternatives(self, condition: Condition) -> tuple[Numbers, ...]:
        alternatives = expand(condition, self._knowledge.states)
        return tuple(self._number_all(conjunction) for conjunction in alternatives)

    def _number_all(self, conjunction: Conjunction) -> Numbers:
        parts: Iterable[Condition | Draw] = (*conjunction.leaves, *conjunction.draws)
        return tuple(self._number(part) for part in parts)

    def _number(self, part: Condition | Draw) -> int:
        if part in self._numbers:
            return self._numbers[part]
        if isinstance(part, Draw):
            asked = [self.questions[self._number(leaf)] for leaf in part.leaves]
            pattern, finding, question = None, "", question_of_draw(part, asked)
        else:
            pattern, finding = pattern_of(part, self._knowledge), part.finding
            question = question_of(part, self._knowledge, self._laboratory)
        number = self._numbers[part] = len(self._numbers)
        self.questions.append(question)
        self.findings.append(finding)
        self._patterns.append(pattern or Pattern(_JUDGED, f"c{number}"))
        return number


_JUDGED = "condition"


def _rarest(part: Condition | Draw) -> Condition:
    """A leaf without which a part cannot hold; few patients have a finding."""
    leaves = part.leaves if isinstance(part, Draw) else (part,)
    return next((leaf for leaf in leaves if leaf.finding), leaves[0])


class Sitting(dict[int, Answer]):
    """The questions of a rule book asked of one situation, each once somebody wants to know.

    By a leaf's number what makes it hold; None where it does not.
    """

    def __init__(self, situation: Situation, questions: list[Question]) -> None:
        super().__init__()
        self.situation = situation
        self._questions = questions

    def __missing__(self, number: int) -> Answer:
        answer = self[number] = self._questions[number](self.situation)
        return answer


def _effect(link: Link) -> Effect | None:
    if link.strength:
        return "supports"
    if link.strengthens:
        return "strengthens"
    return "against" if link.against else None
