"""What an evaluation costs, in counts: more than was recorded is a regression."""

import sys

import pytest

from service.evaluation import Asked, Site, answer
from tests.benchmarks.bundles import bundle
from tests.benchmarks.counts import Counts, count, counted, recorded, sizes
from tests.benchmarks.stages import CLOCK

#: A change of the rules moves the counts a little. More, in either direction, is recorded anew:
#: a gain that is not on record would let a loss of the same size pass.
_DRIFT = 0.05

_RECORD = "`make bench BENCH=--record` writes tests/benchmarks/recorded.tsv anew."


@pytest.mark.parametrize("name", sizes())
def test_an_evaluation_costs_what_is_recorded(site: Site, name: str) -> None:
    now, then = counted(site, name), recorded()[name]
    assert now.instructions == pytest.approx(then.instructions, rel=_DRIFT), _RECORD
    assert now.memory == pytest.approx(then.memory, rel=2 * _DRIFT), _RECORD


@pytest.mark.parametrize("for_each", [0, 20])
def test_twice_the_observations_cost_twice_as_much(site: Site, for_each: int) -> None:
    def cost(observations: int) -> Counts:
        body = bundle(observations, observations // for_each if for_each else 1)
        return count(lambda: answer(site, body, Asked(), CLOCK))

    cost(1600)  # fills what is remembered of the values
    once, twice, four_times = cost(400), cost(800), cost(1600)
    assert four_times.instructions - twice.instructions == pytest.approx(
        2 * (twice.instructions - once.instructions), rel=0.1
    )
    assert four_times.memory < 2.2 * twice.memory


def test_counts_tell_what_python_did_and_held() -> None:
    def work() -> int:
        return sum(len(bytes(1000)) for _ in range(10))

    once = count(work)
    assert once == count(work)
    assert count(lambda: [bytes(1000) for _ in range(10)]).memory > 10_000 > once.memory
    assert count(lambda: [work() for _ in range(3)]).instructions > 2.5 * once.instructions


def test_counting_leaves_a_tracer_in_place() -> None:
    before = sys.gettrace()
    count(lambda: None)
    assert sys.gettrace() is before
