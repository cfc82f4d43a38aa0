"""Why a cause has its strength and its priority, in one sentence each."""

from collections.abc import Sequence

from service.knowledge.language import Link
from service.knowledge.model import Knowledge
from service.record import PRIORITIES, STRENGTHS, Priority, Strength


def reason_of_strength(
    cause: str, strength: Strength, links: Sequence[Link], knowledge: Knowledge
) -> str:
    """What made the strength of a cause, as one sentence.

    "Evidence moderate: the rule X is strong, lowered one step by the rule Y."
    `links` are all that fired, also those of absorbed causes, which had no part in it.
    """
    said = []
    reached = 0
    own = [link for link in links if cause in _causes_of(link)]
    naming = [link for link in own if link.strength is not None]
    if naming:
        strongest = max(naming, key=_height)
        reached = _height(strongest)
        said.append(f"the rule {strongest.link} is {strongest.strength}")
    for link in own:
        reached += link.strengthens - link.against
        if link.strengthens:
            said.append(f"raised {_steps(link.strengthens)} by the rule {link.link}")
        if link.against:
            said.append(f"lowered {_steps(link.against)} by the rule {link.link}")
    ceiling = knowledge.causes[cause].ceiling
    if strength == ceiling != STRENGTHS[-1] and reached > STRENGTHS.index(ceiling):
        said.append(f"{ceiling} is the most that this cause may reach")
    return f"Evidence {strength}: {', '.join(said)}."


def reason_of_priority(
    priority: Priority,
    strength: Strength,
    *,
    critical: bool,
    signs: Sequence[str],
    absorbed: Sequence[str],
) -> str:
    """What made the priority of a cause, as one sentence; `signs` and `absorbed` are names.

    "Priority high: the evidence is strong, and Myoclonus is on file."
    """
    on_file = f"{' and '.join(signs)} {'are' if len(signs) > 1 else 'is'} on file"
    own = _priority(strength, critical=critical, sign=bool(signs))
    if PRIORITIES.index(priority) > PRIORITIES.index(own):
        why = f"that of {' and '.join(absorbed)}, told here too"
    elif critical:
        why = "a value among the evidence is critical by itself" + (f"; {on_file}" if signs else "")
    elif not signs:
        why = f"the evidence is {strength}, and no jerks are on file"
    elif strength == STRENGTHS[0]:
        why = f"the evidence is weak, although {on_file}"
    else:
        why = f"the evidence is {strength}, and {on_file}"
    return f"Priority {priority}: {why}."


def _priority(strength: Strength, *, critical: bool, sign: bool) -> Priority:
    """The priority that a cause has by its own evidence."""
    if critical:
        return "high"
    rank = {"weak": 0, "moderate": 0, "strong": 1}[strength]
    return PRIORITIES[rank + (sign and strength != "weak")]


def _causes_of(link: Link) -> tuple[str, ...]:
    return (link.cause,) if isinstance(link.cause, str) else link.cause


def _height(link: Link) -> int:
    return -1 if link.strength is None else STRENGTHS.index(link.strength)


def _steps(steps: int) -> str:
    return "one step" if steps == 1 else f"{steps} steps"
