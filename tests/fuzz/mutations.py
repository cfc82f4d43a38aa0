"""Requests made wrong: bytes flipped, cut and spliced; JSON with something else in its places.

Each is a function of a source of chance alone, so that its number brings an input back.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any

#: JSON that Python can not write ...
_LEGAL = (
    b"1e400",
    b"-1E-400",
    b"1e999999999999999999",
    b"0." + b"0" * 5000 + b"1",
    b"9" * 5000,
    b"-0",
    b"-0.0",
    b"1.10000000000000000000000000000000000000000001",
    b'"\\u0000"',
    b"[" * 50 + b"]" * 50,
    b'{"contained":[' * 20 + b"{}" + b"]}" * 20,
    b'{"part":[' * 20 + b"{}" + b"]}" * 20,
    b'{"value":1,"value":2}',
    b'{"resourceType":"Bundle","resourceType":"Patient"}',
)
#: ... and what is none, or more than is read.
_ILLEGAL = (
    b"007",
    b"+1",
    b".5",
    b"1.",
    b"0x1F",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"undefined",
    b"'single'",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\x00"',
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',
    b'"\\x41"',
    b'"tab\there"',
    b"[" * 3000 + b"]" * 3000,
    b"/* comment */ 1",
    b"1,",
    b"",
)
_WRITTEN = (*_LEGAL, *_ILLEGAL)


def _stand_in(written: bytes) -> str:
    """The text that stands for it until the document is written."""
    return f"<as written {_WRITTEN.index(written)}>"


_TEXTS = (
    "",
    " ",
    "\u200b",
    "\u202e811",
    "\ufeff",
    "e\u0301" * 50,
    "\U0001f9ea",
    "ﬃ \N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}",
    "A" * 5000,
    "a" * 40 + "!" * 40,
    "- " * 500,
    "<" * 300,
    "<script>alert(1)</script>",
    "&amp;&lt;",
    "{{7*7}} ${7*7} %s %n {0}",
    "' or 1=1 --",
    "../../../../etc/passwd",
    "null",
    "NaN",
    "118",
    "< 118 mmol/L",
    "<118>120",
    "1e5",
    "1,234.5",
    "1.234,5",
    "118 - 135",
    "(-5)-(-3)",
    "1" * 400,
    "1." + "1" * 400,
    "mmol/L",
    "mg/dL",
    "umol/l",
    "{" * 100 + "}" * 100,
    "10*3/uL",
    "2951-2",
    "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.1",
    "http://snomed.info/sct",
    "2026",
    "2026-02",
    "2026-02-30",
    "2026-05-01T08:00:00",
    "2026-05-01T08:00:00Z",
    "2026-05-01T08:00:00+14:00",
    "2026-05-01T08:00:00-24:59",
    "2026-05-01T23:59:60Z",
    "2026-05-01T24:00:00Z",
    "2026-05-01T08:00:00." + "9" * 300 + "Z",
    "0000-01-01",
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999",
    "99999-01-01",
    "latest",
    "#",
    "#x",
    "/",
    "//",
    "Patient/",
    "Patient/ines",
    "Patient/ines/_history/1",
    "Patient?identifier=a|b",
    "patient/INES",
    "urn:uuid:",
    "urn:uuid:not-one",
    "urn:oid:1.2.3",
    "http://",
    "http://[::1",
    "http://a:99999999/Patient/x",
    "https://ehr.example.org/fhir/Patient/p0?x=y#z",
    "final",
    "entered-in-error",
    "active",
    "LL",
)

_SCALARS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    0.1,
    118,
    -118.5,
    2**31,
    2**63,
    2**64,
    10**30,
    1e300,
    1e-300,
    *_TEXTS,
    *_TEXTS,
)


class Mutations:
    """Makes inputs of some seeds; `number` and nothing else decides which.

    Beside each comes the source of chance it was made with, for whatever else an input needs.
    """

    def __init__(self, seeds: Sequence[bytes]) -> None:
        self.seeds = [seed for seed in seeds if seed]
        self.document = lru_cache(maxsize=512)(_document)

    def input(self, seed: int, number: int) -> tuple[bytes, Random]:
        chance = Random(f"{seed} {number}")  # noqa: S311 - not for secrets
        body = chance.choice(self.seeds)
        if chance.random() < 0.8 and (document := self.document(body)) is not None:
            body = self._spoiled(document, chance)
        if chance.random() < 0.2:
            body = self._bytes(body, chance)
        return body, chance

    def _spoiled(self, document: Any, chance: Random) -> bytes:  # noqa: ANN401
        """A few changes to what the JSON says."""
        changed = json.loads(json.dumps(document))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            donor = json.loads(json.dumps(self.document(chance.choice(self.seeds))))
            changed = chance.choice(_CHANGES)(changed, donor, chance)
        written = json.dumps(changed, ensure_ascii=chance.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
        for instead in _WRITTEN:
            written = written.replace(f'"{_stand_in(instead)}"'.encode(), instead)
        return written

    def _bytes(self, body: bytes, chance: Random) -> bytes:
        """A few changes to the bytes, whatever they say."""
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            start = chance.randrange(len(body) + 1)
            end = min(len(body), start + chance.choice((0, 1, 1, 2, 8, 64, 512)))
            other = chance.choice(self.seeds)
            at = chance.randrange(len(other) + 1)
            into = chance.choice(
                (
                    b"",
                    chance.randbytes(end - start),
                    bytes(byte ^ 1 << chance.randrange(8) for byte in body[start:end]),
                    body[start:end] * 2,
                    body[start:end] * 50,
                    other[at : at + 200],
                    chance.choice(_WRITTEN),
                    chance.choice((b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\x00")),
                )
            )
            body = body[:start] + into + body[end:]
        return body if chance.random() < 0.95 else body[: chance.randrange(len(body) + 1)]


def _document(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


_Change = Callable[[Any, Any, Random], Any]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    """All places of a document: the object or list around, and the key or index in it."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])


def _place(document: Any, chance: Random) -> tuple[Any, Any] | None:  # noqa: ANN401
    places = list(_places(document))
    return chance.choice(places) if places else None


def _another_value(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    if place := _place(document, chance):
        kinds: tuple[Sequence[Any], ...] = (_SCALARS, _LEGAL, _ILLEGAL)
        (kind,) = chance.choices(kinds, (16, 4, 1))
        value = chance.choice(kind)
        place[0][place[1]] = _stand_in(value) if isinstance(value, bytes) else value
    return document


def _another_type(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    if place := _place(document, chance):
        value = place[0][place[1]]
        place[0][place[1]] = chance.choice(
            (
                [value],
                [value, value],
                {"value": value},
                {"coding": [{"code": value}]},
                {"reference": value},
                str(value),
                [],
                {},
                value[0] if isinstance(value, list) and value else value,
                list(value.values()) if isinstance(value, dict) else value,
            )
        )
    return document


def _cut(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    if place := _place(document, chance):
        del place[0][place[1]]
    return document


def _repeated(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    """Something said several times: an item of a list, or a name in an object."""
    if place := _place(document, chance):
        holder, key = place
        if isinstance(holder, list):
            holder[key:key] = [holder[key]] * chance.choice((1, 1, 2, 60))
        else:
            # json.dumps writes a number and the same number as text alike.
            holder[_Again(key)] = chance.choice((holder[key], chance.choice(_SCALARS)))
    return document


class _Again(str):
    """A name that an object may hold once more."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _spliced(document: Any, donor: Any, chance: Random) -> Any:  # noqa: ANN401
    """A piece of one document in the place of a piece of another."""
    to, of = _place(document, chance), _place(donor, chance)
    if to and of:
        to[0][to[1]] = of[0][of[1]]
    return document


def _exchanged(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    """Two scalars change places: an id and a reference, a code and a unit."""
    leaves = [
        (holder, key)
        for holder, key in _places(document)
        if not isinstance(holder[key], dict | list)
    ]
    if len(leaves) > 1:
        (one, here), (other, there) = chance.sample(leaves, 2)
        one[here], other[there] = other[there], one[here]
    return document


_RENAMED = """
    resourceType valueString valueQuantity valueInteger valueRange valueCodeableConcept
    valueBoolean code coding system value unit subject reference identifier status id meta
    contained component hasMember result entry resource fullUrl effectiveDateTime
    effectivePeriod issued referenceRange low high text comparator dataAbsentReason
    interpretation modifierExtension implicitRules extension request method url response
    search mode medicationReference medicationCodeableConcept dosageInstruction parameter
    name focus specimen
    """.split()  # noqa: SIM905 - a list would be as long as all else here


def _renamed(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    places = [(holder, key) for holder, key in _places(document) if isinstance(holder, dict)]
    if places:
        holder, key = chance.choice(places)
        name = chance.choice((*_RENAMED, f"_{key}", str(key).upper(), f"{key} ", ""))
        holder[name] = holder.pop(key)
    return document


def _text_changed(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    """A text that is nearly right."""
    texts = [(holder, key) for holder, key in _places(document) if isinstance(holder[key], str)]
    if texts:
        holder, key = chance.choice(texts)
        text = holder[key]
        at = chance.randrange(len(text) + 1)
        holder[key] = chance.choice(
            (
                text.upper(),
                f" {text} ",
                text[:at],
                text[at:],
                text[:at] + chance.choice(_TEXTS) + text[at:],
                text * 3,
                text[::-1],
                text.replace("-", "/"),
            )
        )
    return document


def _number_changed(document: Any, _donor: Any, chance: Random) -> Any:  # noqa: ANN401
    numbers = [
        (holder, key)
        for holder, key in _places(document)
        if isinstance(holder[key], int | float) and not isinstance(holder[key], bool)
    ]
    if numbers:
        holder, key = chance.choice(numbers)
        number = holder[key]
        holder[key] = chance.choice(
            (-number, number * 10, number / 1000, number * 1e12, str(number), int(number), 0)
        )
    return document


def _wrapped(document: Any, donor: Any, chance: Random) -> Any:  # noqa: ANN401
    """The whole inside of something else."""
    value = chance.choice(_SCALARS)
    return chance.choice(
        (
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": document}] * 2},
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "resource", "resource": document},
                    {
                        "name": chance.choice(("now", "includeEvidence", "explain", "x")),
                        chance.choice(("valueString", "valueDateTime", "valueBoolean")): value,
                    },
                ],
            },
            {"resourceType": "Observation", "status": "final", "contained": [document]},
            {"resourceType": "Bundle", "type": "history", "entry": [document, donor]},
        )
    )


def _another_bundle(document: Any, donor: Any, chance: Random) -> Any:  # noqa: ANN401
    """Entries shuffled, of two requests, or in a Bundle of another type."""
    if isinstance(document, dict) and isinstance(document.get("entry"), list):
        entries = document["entry"]
        if isinstance(donor, dict) and isinstance(donor.get("entry"), list):
            entries += chance.sample(donor["entry"], min(3, len(donor["entry"])))
        chance.shuffle(entries)
        document["type"] = chance.choice(
            ("collection", "history", "message", "document", "searchset", "transaction", "batch")
        )
    return document


_CHANGES: tuple[_Change, ...] = (
    _another_value,
    _another_value,
    _another_value,
    _another_type,
    _another_type,
    _cut,
    _cut,
    _repeated,
    _spliced,
    _spliced,
    _exchanged,
    _renamed,
    _text_changed,
    _text_changed,
    _number_changed,
    _wrapped,
    _another_bundle,
)
