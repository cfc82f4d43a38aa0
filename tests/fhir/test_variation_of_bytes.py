"""How real senders differ: bytes that are not quite JSON.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site, ask, assess
from service.fhir.reading import Refused
from tests.fhir.sent import CLOCK, observation, sent
from tests.fhir.varied import words


def test_a_byte_order_mark_is_passed_over_and_told(site: Site) -> None:
    body = b"\xef\xbb\xbf" + sent(observation())
    found = assess(site, body, ask(site, "latest"), CLOCK).intake

    assert len(found.records[0].results) == 1
    assert [issue for issue in found.issues if "byte order mark" in issue.text]


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        ("a comment", b"{", b"// sodium\n{"),
        ("an unquoted value", b'"final"', b"final"),
        ("a trailing text", b"}", b"} end"),
        ("a number that ends in its point", b"120,", b"120.,"),
        ("Latin-1", b"final", b"fin\xe4l"),
        ("a closing brace too many", b"", b"}"),
        ("half a surrogate pair", b"final", b"\\ud800"),
        ("a control character", b"final", b"fin\x01al"),
    ],
    ids=words,
)
def test_what_is_not_json_in_utf8_is_refused_with_its_place(
    site: Site, row: str, old: bytes, new: bytes
) -> None:
    whole = sent(observation())
    body = whole.replace(old, new, 1) if old not in {b"}", b""} else whole + new.removeprefix(b"} ")

    with pytest.raises(Refused) as caught:
        assess(site, body, ask(site, "latest"), CLOCK)

    assert caught.value.status == 400, row
    assert "line" in caught.value.issues[0].text


def test_of_a_key_that_stands_twice_the_last_one_counts(site: Site) -> None:
    body = sent(observation()).replace(b'"status"', b'"status": "cancelled", "status"', 1)

    assert len(assess(site, body, ask(site, "latest"), CLOCK).intake.records[0].results) == 1
