"""`python -m tests.benchmarks`: what evaluations cost on this machine, as a table in Markdown."""

import argparse
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from service.evaluation import Site, open_site
from service.settings import Settings
from tests.benchmarks.bundles import bundle
from tests.benchmarks.stages import Cost, grow, measure


class Size(NamedTuple):
    """What a bundle holds."""

    observations: int
    patients: int = 1
    ill: bool = True


SIZES = (
    Size(10, ill=False),
    Size(10),
    Size(50, ill=False),
    Size(50),
    Size(500),
    Size(5_000),
    Size(20_000),
    Size(500, patients=25),
    Size(5_000, patients=250),
    Size(20_000, patients=1_000),
)

_COLUMNS = (
    *("Observations", "patients", "kB", "plain parse", "whole", "read", "assess", "write"),
    *("whole / parse", "us per Observation"),
)


def report(site: Site, sizes: Iterable[Size], evaluations: int, seconds: float) -> Iterator[str]:
    """What bundles of these sizes cost, and what many evaluations leave in memory: Markdown lines.

    `seconds` of CPU time are spent on each bundle.
    """
    yield _machine()
    # First, while memory that large bundles needed has not hidden what is left behind.
    before, after = grow(site, bundle(50), evaluations)
    yield (
        f"Resident memory before and after {evaluations:,} evaluations of 50 Observations: "
        f"{before / 1000:.1f} and {after / 1000:.1f} MB."
    )
    yield ""
    yield _line(_COLUMNS)
    yield _line(["---:"] * len(_COLUMNS))
    for size in sizes:
        body = bundle(size.observations, size.patients, ill=size.ill)
        yield _line(_row(size, len(body), measure(site, body, seconds)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(size: Size, length: int, cost: Cost) -> list[str]:
    return [
        f"{size.observations:,}",
        f"{size.patients:,} {'ill' if size.ill else 'healthy'}",
        f"{length / 1000:,.0f}",
        *(f"{seconds * 1e3:,.2f}" for seconds in cost),
        f"{cost.whole / cost.parse:.1f}",
        f"{cost.whole / size.observations * 1e6:.0f}",
    ]


def _machine() -> str:
    cores = Path("/proc/cpuinfo")
    lines = cores.read_text().splitlines() if cores.exists() else []
    model = next((line.partition(": ")[2] for line in lines if "model name" in line), "")
    packages = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "durable-rules"))
    return (
        f"{os.cpu_count()} cores, {model or platform.machine()}; "
        f"Python {platform.python_version()}, {packages}"
    )


def main() -> None:
    """Measure the CPU time of evaluations, medians in ms, and their memory: some minutes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument(
        "--evaluations", type=int, default=2_000, help="for the test of memory (default 2000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=3, help="CPU time for each bundle (default 3)"
    )
    asked = parser.parse_args()
    site = open_site(Settings())
    try:
        for line in report(site, SIZES, asked.evaluations, asked.seconds):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    finally:
        site.engine.close()


if __name__ == "__main__":
    main()
