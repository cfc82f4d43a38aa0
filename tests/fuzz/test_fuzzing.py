"""Some of the inputs that `make fuzz` tries for an hour, and whether it would notice."""

from itertools import count

import pytest
from msgspec import structs

from service.evaluation import Site, open_site
from service.settings import Settings
from tests.fuzz import fuzzing, seeds
from tests.fuzz.fuzzing import TookTooLongError, at_most, statuses, tried
from tests.fuzz.mutations import Mutations
from tests.memory import resident_kilobytes

OWN = Mutations(seeds.own())


def test_no_input_fails_or_hangs_or_keeps_memory(site: Site) -> None:
    list(tried(site, OWN, 0, range(500)))
    before = resident_kilobytes()

    found = list(tried(site, OWN, 1, range(2000)))

    assert [one for one in found if one.wrong] == []
    assert resident_kilobytes() - before < 20_000
    # Inputs that are all refused at the door would prove little.
    assert statuses(found)[200] > len(found) / 3
    assert statuses(found)[400] > len(found) / 10


def test_the_number_of_an_input_brings_it_back() -> None:
    again = Mutations(seeds.own())

    bodies = [OWN.input(3, number)[0] for number in range(50)]

    assert bodies == [again.input(3, number)[0] for number in reversed(range(50))][::-1]
    assert len(set(bodies)) == len(bodies)


def test_a_failure_inside_is_noticed() -> None:
    broken = open_site(Settings())
    broken.engine.close()

    found = tried(broken, OWN, 1, range(50))

    assert any(one.wrong.startswith("LinkingError") for one in found)


def test_an_answer_that_is_not_fhir_is_noticed(site: Site) -> None:
    other = structs.replace(site, base="no url at all")

    assert any(one.wrong.startswith("AssertionError") for one in tried(other, OWN, 1, range(100)))


def test_an_input_that_takes_too_long_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzzing, "LONGEST", 1e-9)

    (one,) = tried(site, OWN, 1, [0])

    assert one.wrong.startswith(("It took", "TookTooLongError"))


def test_a_hang_is_broken_off() -> None:
    with pytest.raises(TookTooLongError), at_most(0.05):
        sum(1 for _ in count())
