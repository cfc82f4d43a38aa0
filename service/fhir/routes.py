"""Whether a medicine stays where it is put, on the skin or in an eye or ear."""

from collections.abc import Iterable

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import codings, concepts, texts
from service.fhir.grammar import OfWays
from service.fhir.lexicon import Lexicon
from service.knowledge.language import MedicineRule
from service.knowledge.model import ATC

#: Routes in SNOMED CT: topical, auricular, ophthalmic.
_LOCAL_ROUTES = frozenset({"6064005", "10547007", "54485002"})

#: Groups of ATC: for the skin, and for eyes and ears.
_LOCAL_GROUPS = ("D", "S")


class Way(Struct, frozen=True):
    """What names, forms, routes and dosages say of the way of a medicine into the body.

    `local`: it is put on the skin, or into an eye or ear. `patch`: it is in a patch.
    """

    local: bool = False
    patch: bool = False

    def is_local(self, medicine: MedicineRule) -> bool:
        """Whether hardly any of a medicine gets from there into the rest of the body."""
        return self.local or (self.patch and medicine.patch_is_local)


def way_of(
    named: Iterable[wire.CodeableConcept],
    dosage: tuple[wire.Dosage, ...] | wire.Dosage | None,
    lexicon: Lexicon,
) -> Way:
    """The way of a medicine by the concepts that name it and its form, and by its dosages.

    A code of ATC that rules name is one that counts, whatever its group.
    """
    dosages = (dosage,) if isinstance(dosage, wire.Dosage) else dosage or ()
    routes = [route for each in dosages for route in concepts(each.route)]
    named = tuple(named)
    grammar = lexicon.grammar.ways
    words = [text for concept in (*named, *routes) for text in texts(concept)]
    words += [each.text for each in dosages if each.text]
    codes = {coding.code for route in routes for coding in route.coding or ()}
    local = (
        not codes.isdisjoint(_LOCAL_ROUTES)
        or any(
            system == ATC and code.startswith(_LOCAL_GROUPS) and not lexicon.medicines(ATC, code)
            for concept in named
            for system, code in codings(concept)
        )
        or any(_stays(text, grammar) for text in words)
    )
    local = local and not any(_reaches(text, grammar) for text in words)
    return Way(local, any(map(grammar.patch.search, words)))


def _stays(text: str, grammar: OfWays) -> bool:
    """Whether a text says that a medicine stays where it is put."""
    there = grammar.stays_there.search(text)
    return bool(grammar.stays.search(text)) or (there is not None and not there[1])


def _reaches(text: str, grammar: OfWays) -> bool:
    """Whether a text says that a medicine is meant for the whole body, as a patch is as a rule."""
    return any(way[1] for way in grammar.reaches.finditer(text))
