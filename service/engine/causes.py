"""The causes that links named: how strongly, how pressing, and which is told within another."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from service.engine.holding import Held
from service.knowledge.language import CauseRule
from service.record import STRENGTHS, Finding, Priority, Strength

#: Of a cause without critical findings, by its strength and whether a sign is documented.
_PRIORITY: dict[tuple[Strength, bool], Priority] = {
    ("strong", True): "high",
    ("strong", False): "medium",
    ("moderate", True): "medium",
    ("moderate", False): "low",
    ("weak", True): "low",
    ("weak", False): "low",
}
_order = attrgetter("compiled.order")


class Named(Struct, frozen=True):
    """A cause that a link named, by itself; its links in order: supporting first, strong first.

    `supporting` are those that name the cause or raise it.
    """

    cause: str
    strength: Strength
    priority: Priority
    held: tuple[Held, ...]
    supporting: list[Held]


def name(rule: CauseRule, held: Sequence[Held], *, sign: bool) -> Named | None:
    """The cause that links hold for; None where none names it. `sign`: one is documented."""
    ordered = tuple(sorted(held, key=_order))
    strongest = ordered[0].compiled.link.strength
    if not strongest:
        return None
    steps = STRENGTHS.index(strongest)
    for each in ordered:
        steps += each.compiled.link.strengthens - each.compiled.link.against
    ceiling = STRENGTHS.index(rule.ceiling)
    strength = STRENGTHS[min(max(steps, 0), ceiling)]
    supporting = [each for each in ordered if each.effect != "against"]
    is_pressing = rule.heeds_critical and _is_critical(supporting)
    priority = "high" if is_pressing else _PRIORITY[strength, sign]
    return Named(rule.cause, strength, priority, ordered, supporting)


def roots(named: Mapping[str, Named]) -> dict[str, str]:
    """Into which cause each named cause is absorbed; causes that stand alone into themselves."""
    into = {cause: _subsuming(each, named) for cause, each in named.items()}
    return {cause: _root(cause, into) for cause in named}


def _is_critical(supporting: Sequence[Held]) -> bool:
    return any(
        type(piece) is Finding and piece.critical for held in supporting for piece in held.evidence
    )


def _subsuming(each: Named, named: Mapping[str, Named]) -> str:
    """The cause within which all strength links of a cause let it be told; "" if one does not."""
    first = ""
    for held in each.held:
        if held.effect != "supports":
            break
        other = held.compiled.link.subsumed_by
        if other not in named or other == each.cause:
            return ""
        first = first or other
    return first


def _root(cause: str, into: Mapping[str, str]) -> str:
    path = [cause]
    while following := into[path[-1]]:
        if following in path:
            # The loader refuses circles; in one, nothing is absorbed.
            return cause if following == cause else following
        path.append(following)
    return path[-1]
