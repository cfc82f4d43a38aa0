"""`python -m tests.benchmarks`: what evaluations cost on this machine, into docs/performance.md."""

import argparse
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from service.evaluation import Site, open_site
from service.settings import Settings
from tests.benchmarks.bundles import bundle
from tests.benchmarks.counts import record
from tests.benchmarks.over_http import Served, ready_after, serve
from tests.benchmarks.stages import Cost, grow, measure

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"

#: What stands between these lines of the document is written here.
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

_PACKAGES = ("msgspec", "orjson", "durable-rules", "uvicorn", "uvloop", "httptools")


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


def in_process(site: Site, sizes: Iterable[Size], seconds: float) -> Iterator[str]:
    """What bundles of these sizes cost: Markdown lines. `seconds` of CPU are spent on each."""
    yield from _head(
        *("Observations", "patients", "kB"), *Cost._fields, "whole / parse", "us per Observation"
    )
    for size in sizes:
        body = bundle(size.observations, size.patients, ill=size.ill)
        cost = measure(site, body, seconds)
        yield _line(
            f"{size.observations:,}",
            f"{size.patients:,} {'ill' if size.ill else 'healthy'}",
            f"{len(body) / 1000:,.0f}",
            *(f"{stage * 1e3:,.2f}" for stage in cost),
            f"{cost.whole / cost.parse:.1f}",
            f"{cost.whole / size.observations * 1e6:.0f}",
        )


def kept(site: Site, evaluations: int) -> str:
    """What many evaluations leave in memory: a line."""
    before, after = grow(site, bundle(50), evaluations)
    return (
        f"Resident memory before and after {evaluations:,} evaluations of 50 Observations: "
        f"{before / 1000:.1f} and {after / 1000:.1f} MB."
    )


def over_http(workers: Iterable[int], requests: int) -> Iterator[str]:
    """What is served under load by so many workers: Markdown lines."""
    columns = ("requests/s", "of bare", "median ms", "p99 ms", "not answered 200", "MB per worker")
    yield from _head("server", "workers", *columns)
    for number in workers:
        bare: Served | None = None
        for served in serve(number, requests):
            bare = bare or served
            yield _line(
                served.name,
                f"{served.workers}",
                f"{served.load.rate:,.0f}",
                f"{served.load.rate / bare.load.rate:.0%}",
                f"{served.load.median * 1e3:.1f}",
                f"{served.load.p99 * 1e3:.1f}",
                f"{served.load.refused}",
                ", ".join(f"{each / 1000:.0f}" for each in served.memory),
            )


def _head(*names: str) -> Iterator[str]:
    yield _line(*names)
    yield _line(*["---:"] * len(names))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    cores = Path("/proc/cpuinfo")
    lines = cores.read_text().splitlines() if cores.exists() else []
    model = next((line.partition(": ")[2] for line in lines if "model name" in line), "")
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
        f"{model or platform.machine()}; Python {platform.python_version()}, {packages}."
    )


def _report(asked: argparse.Namespace) -> Iterator[str]:
    yield from (_machine(), "", "### In process", "")
    yield from ("Medians of CPU time in ms; `parse` is orjson reading the same bytes.", "")
    # The largest bundles hold their patients beside 20,000 Observations.
    site = open_site(Settings(max_entries=30_000))
    with site.engine:
        # First, while memory that large bundles needed has not hidden what is left behind.
        memory = kept(site, asked.evaluations)
        yield from in_process(site, SIZES, asked.seconds)
    yield from ("", memory, "", "### Over HTTP", "")
    yield (
        "50 Observations of an ill patient over 16 connections on loopback; the client runs on "
        "the same cores."
    )
    yield ""
    yield from over_http((1, 2), asked.requests)
    yield ""
    for workers in (1, 2):
        taken = ready_after(workers, asked.starts)
        yield f"Ready {taken:.2f} s after the start with {workers} worker{'s' * (workers > 1)}."


def written(document: str, lines: Iterable[str]) -> str:
    """The document with these lines in place of what was measured before."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join((before + BEGIN, "", *lines, "", END + after))


def main() -> None:
    """Measure evaluations, in process and over HTTP: some minutes. Writes docs/performance.md."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument(
        "--evaluations", type=int, default=2_000, help="for the test of memory (default 2000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=3, help="CPU time for each bundle (default 3)"
    )
    parser.add_argument(
        "--requests", type=int, default=5_000, help="to Myoflag over HTTP (default 5000)"
    )
    parser.add_argument("--starts", type=int, default=5, help="of Myoflag (default 5)")
    parser.add_argument(
        "--record",
        action="store_true",
        help="instead, write the counts that the tests hold evaluations to",
    )
    asked = parser.parse_args()
    if asked.record:
        record(open_site(Settings()))
        return
    lines = []
    for line in _report(asked):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        lines.append(line)
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), lines), encoding="utf-8")


if __name__ == "__main__":
    main()
