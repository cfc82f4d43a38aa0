"""Numbers are read as somebody else counted them: the census shares nothing with the reading."""

import csv
import re
from collections import Counter

from service.evaluation import Site, ask, assess
from service.fhir.reading import Refused
from tests.corpus.third_party import CENSUS, CLOCK, body, files, name

#: Grams of protein that Synthea prints by the deciliter and means by the liter.
PROTEIN = {
    "dillon-adams": ("62.421",),
    "marine-kulas": ("71.449", "73.344", "75.635", "72.832", "70.068"),
}

#: Counted, and rightly not read: mass under a code for moles, and a unit that can not be.
NOT_READ = {("bundles/collection/us-core-glucose.json", "glucose", "120.5"): 1} | {
    (f"bundles/transaction/synthea-{patient}.json", "total_protein", grams): 1
    for patient, values in PROTEIN.items()
    for grams in values
}

Numbers = Counter[tuple[str, str, str]]


def counted(site: Site, readable: set[str]) -> Numbers:
    """File, analyte and number of each result of the census under a LOINC code of the rules."""
    found: Numbers = Counter()
    with CENSUS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            for code in re.findall(r"loinc\|([0-9-]+)", row["code"]):
                measured = site.knowledge.loinc.get(code)
                if measured and row["value"] and row["file"] in readable:
                    found[row["file"], measured.analyte, row["value"]] += 1
    return found


def read(site: Site) -> tuple[Numbers, set[str]]:
    """The same of what is read, and the files that are not refused."""
    found: Numbers = Counter()
    readable = set()
    for path in files():
        try:
            intake = assess(site, body(path), ask(site, "latest"), CLOCK).intake
        except Refused:
            continue
        readable.add(name(path))
        for record in intake.records:
            for one in record.results:
                if one.amount:
                    number = f"{one.comparator}{one.amount.value}"
                    found[name(path), one.analyte, number] += 1
    return found, readable


def test_every_number_of_the_census_that_rules_know_is_read_as_it_was_counted(site: Site) -> None:
    numbers, readable = read(site)
    due = counted(site, readable)

    assert due.total() > 500
    assert due - numbers == NOT_READ
