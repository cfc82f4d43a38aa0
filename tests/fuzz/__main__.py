"""`python -m tests.fuzz`: inputs made wrong, one after another, for as long as is wanted."""

import argparse
import faulthandler
import os
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic

from service.evaluation import open_site
from service.settings import Settings
from tests.fuzz import seeds
from tests.fuzz.fuzzing import Tried, tried
from tests.fuzz.mutations import Mutations
from tests.memory import resident_kilobytes

#: Inputs that went wrong, and the number of the one that is tried now, should the process die.
FOUND = Path("build") / "fuzz"

#: Inputs after which what is remembered on purpose has been, so that memory must stay.
_WARM = 20_000
_TOLD_EVERY = 10_000


def main() -> int:
    """Whether anything went wrong, as an exit code."""
    given = _given()
    mutations = Mutations(seeds.all_there_are())
    if given.only is not None:
        sys.stdout.buffer.write(mutations.input(given.seed, given.only)[0])
        return 0
    faulthandler.enable()
    FOUND.mkdir(parents=True, exist_ok=True)
    site = open_site(Settings())
    started, warm = monotonic(), 0
    gave: Counter[int] = Counter()
    slowest = Tried(0, 0, 0.0, 0)
    wrong = 0
    current = os.open(FOUND / "current", os.O_CREAT | os.O_WRONLY)
    numbers = count(given.start)
    for one in tried(site, mutations, given.seed, _noted(numbers, current)):
        gave[one.status] += 1
        slowest = max(slowest, one, key=lambda each: each.seconds)
        if one.wrong:
            wrong += 1
            _keep(mutations, given.seed, one)
        done = gave.total()
        if done == _WARM:
            warm = resident_kilobytes()
        over = monotonic() - started > given.seconds or done >= given.inputs
        if over or not done % _TOLD_EVERY:
            sys.stdout.write(
                f"{done} inputs (seed {given.seed}) in {monotonic() - started:.0f} s: {wrong} went "
                f"wrong; by status {dict(sorted(gave.items()))}; slowest {slowest.seconds:.3f} s "
                f"(input {slowest.number}, {slowest.size} bytes); {resident_kilobytes()} KB of "
                f"memory, {warm or '?'} KB after {_WARM}\n"
            )
            sys.stdout.flush()
        if over:
            break
    return 1 if wrong else 0


def _noted(numbers: "count[int]", current: int) -> "Iterator[int]":
    for number in numbers:
        os.pwrite(current, f"{number:<12}\n".encode(), 0)
        yield number


def _keep(mutations: Mutations, seed: int, one: Tried) -> None:
    body, _ = mutations.input(seed, one.number)
    (FOUND / f"{seed}-{one.number}.json").write_bytes(body)
    sys.stdout.write(f"input {one.number}: {one.wrong}\n")


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="how long to go on")
    parser.add_argument("--inputs", type=float, default=float("inf"), help="how many at most")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other inputs")
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="prints the input with this number")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
