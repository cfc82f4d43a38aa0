"""From a record to its assessment: typed code grades results, durable-rules joins facts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from msgspec import structs

from service.engine.assessing import Assessor
from service.engine.causes import Named
from service.engine.explanation import Explainer
from service.engine.holding import hold
from service.engine.laboratory import Laboratory
from service.engine.linking import Linker
from service.engine.overturning import Overturning
from service.engine.rulebook import Rulebook
from service.engine.situation import Situation, Situations
from service.knowledge.model import Knowledge
from service.record import Assessment, Earlier, Problem, Record, Result, Treatment


class Examination(NamedTuple):
    """An assessment, and how it came about.

    `held` are the links that held, whatever came of it; of those that suppress a finding only
    the ones that took something away. `named` are the causes before any was told within
    another. `undecided` says of analytes and derived values that were
    measured why it is not known what they show, or how grave it is.
    """

    assessment: Assessment
    held: frozenset[str]
    named: Mapping[str, Named]
    undecided: Mapping[str, str]


class Engine:
    """A rule set, ready to assess records; all that can be prepared is prepared.

    Safe to share between threads. Raises TooComplexError or LinkingError where
    durable-rules cannot hold the rule set. Use as a context manager, or `close` it.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        laboratory = Laboratory(knowledge)
        self.knowledge = knowledge
        self._situations = Situations(knowledge, laboratory)
        self._rulebook = Rulebook(knowledge, laboratory)
        self._assessor = Assessor(knowledge)
        self._explainer = Explainer(knowledge, laboratory, self._rulebook.links)
        self._overturning = Overturning(knowledge, laboratory, self._rulebook.links)
        self._linker = Linker(self._rulebook.patterns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type["Engine"], tuple[Knowledge]]:
        """In another process it is prepared anew, from the same rules."""
        return Engine, (self.knowledge,)

    def assess(self, record: Record) -> Assessment:
        """The possible causes of myoclonus that a record points to, and what must be said.

        Raises LinkingError where durable-rules fails, and where the engine is closed.
        """
        return self.examine(record).assessment

    def examine(self, record: Record) -> Examination:
        """The assessment of a record with what rule tests ask beside; raises as `assess` does."""
        return self._examine(self._situations.of(record))

    def _examine(self, situation: Situation) -> Examination:
        sitting = self._rulebook.sit(situation)
        holding = hold(self._rulebook, sitting, self._linker.fired(self._rulebook.facts(sitting)))
        named = self._assessor.name(situation, holding)
        return Examination(
            assessment=self._assessor.assess(situation, holding, named),
            held=holding.held,
            named=named,
            undecided=situation.showing.undecided,
        )

    def forget(self) -> None:
        """Let durable-rules join everything anew, as the self-test must see it do."""
        self._linker.forget()

    def explain(self, record: Record, cause: str = "") -> Assessment:
        """The assessment with why its other causes were not named, and what would change its own.

        With `cause`, of that one alone, with all of its links. KeyError where there is none such.
        """
        situation = self._situations.of(record)
        examination = self._examine(situation)
        assessment = examination.assessment
        within = {other: told.cause for told in assessment.causes for other in told.absorbed}
        explanations = self._explainer.explain(situation, examination.named, within, cause)
        return structs.replace(assessment, explanations=explanations)

    def overturning(
        self, record: Record, earlier: Iterable[Earlier]
    ) -> list[tuple[Result | Problem | Treatment, ...] | None]:
        """What of a record says that each earlier conclusion no longer holds; None where it may.

        To be asked only of causes that the record's assessment does not name.
        """
        situation = self._situations.of(record)
        named = self._examine(situation).named
        return [self._overturning.by(situation, one, named) for one in earlier]

    def close(self) -> None:
        """Free what durable-rules holds. A second call does nothing."""
        self._linker.close()
