import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.body import check_depth, check_texts, json_of, malformed
from service.fhir.issues import Issues, Refused
from service.fhir.request import unpack


def _json(letters: str) -> st.SearchStrategy[object]:
    """JSON values whose texts are of these letters."""
    text = st.text(letters, max_size=6)
    return st.recursive(
        st.none() | st.integers() | text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    )


def _refusal(body: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        unpack(json_of(body, Issues()), 100, 64, Issues())
    return refused.value


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf  "])
def test_an_empty_body_is_refused_with_what_to_send(body: bytes) -> None:
    refused = _refusal(body)
    assert (refused.status, refused.issues[0].code) == (400, "required")
    assert "Bundle" in refused.issues[0].text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"a": "\xe9"}', "line 1, column 8"),
        (b'{\n "a": "\xc3\xa9", "b": "\xff"}', "line 2, column 18"),
        *(
            ('{"a": 1}'.encode(encoding), encoding[:6].upper())
            for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
        ),
        (b"\xed\xa0\x80", "not UTF-8"),
    ],
)
def test_what_is_not_utf8_is_refused_as_a_whole_with_its_place(body: bytes, told: str) -> None:
    refused = _refusal(body)
    assert (refused.status, refused.issues[0].code) == (400, "structure")
    assert told in refused.issues[0].text


def test_a_byte_order_mark_is_passed_over_and_told() -> None:
    issues = Issues()
    assert json_of(b'\xef\xbb\xbf{"a": 1}', issues) == b'{"a": 1}'
    (issue,) = issues.told()
    assert (issue.severity, issue.expression) == ("information", ())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"a": 1', "ends too early"),
        (b'{"resourceType": "Bundle",\n  "entry": [}', "line 2, column 13"),
        (b'{"resourceType": "Patient", "x": 925.}', "line 1"),
        (b'// comment\n{"resourceType": "Patient"}', "line 1, column 1"),
        (b'{"resourceType": "Patient"} trailing', "line 1, column 29"),
        (b'{"resourceType": "Patient", "x": NaN}', "line 1"),
        (b'{"resourceType": "Patient", "x": 1_0}', "line 1"),
        (b'{"resourceType": "Patient", "x": "\x01"}', "line 1"),
    ],
)
def test_what_is_not_json_is_refused_with_line_and_column(body: bytes, told: str) -> None:
    refused = _refusal(body)
    assert (refused.status, refused.issues[0].code) == (400, "structure")
    assert told in refused.issues[0].text


@pytest.mark.parametrize("framing", [b"", b"\x0b", b"\r\n", b"\xef\xbb\xbf", b"A message:\n"])
def test_an_hl7_v2_message_is_refused_with_what_to_send(framing: bytes) -> None:
    refused = _refusal(framing + b"MSH|^~\\&|LAB|X\rPID|1\rOBX|1|NM|2951-2^^LN||118|mmol/L")
    assert (refused.status, refused.issues[0].code) == (400, "structure")
    assert "HL7 v2" in refused.issues[0].text
    assert "118" not in refused.issues[0].text


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "\\ud800\\u0041", "\\ud83d \\ude00"])
@pytest.mark.parametrize("key", ["id", "neverRead"])
def test_half_a_character_is_refused_wherever_it_is(escape: str, key: str) -> None:
    refused = _refusal(f'{{"resourceType": "Patient", "{key}": "x{escape}"}}'.encode())
    assert "half of a surrogate pair at line 1" in refused.issues[0].text


@pytest.mark.parametrize("escape", ["\\ud83d\\ude00", "\\\\ud800", "\\u00e9"])
def test_whole_characters_as_escapes_are_read(escape: str) -> None:
    body = f'{{"resourceType": "Patient", "id": "x{escape}"}}'.encode()
    assert len(unpack(body, 1, 64, Issues()).entries) == 1


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n "])
def test_xml_is_named_as_such(before: bytes) -> None:
    (issue,) = _refusal(before + b'<Bundle xmlns="http://hl7.org/fhir"/>').issues
    assert "not JSON but XML" in issue.text


def test_an_error_without_a_place_says_that_the_body_ends_too_early() -> None:
    assert "too early" in malformed(b"{", ValueError("no place")).issues[0].text


@pytest.mark.parametrize(
    ("body", "deepest", "refused"),
    [
        (b'{"a": [[]]}', 3, False),
        (b'{"a": [[]]}', 2, True),
        (b"[{}]", 2, False),
        (b"[{}]", 1, True),
        (b"[[], [[]], {}]", 3, False),
        (b'{"a": "[[[[["}', 1, False),
        (b'{"a": "]]", "b": [[]]}', 3, False),
        (b'{"a": "]]", "b": [[]]}', 2, True),
        (b'{"a": "\\"[[["}', 1, False),
        (b'{"a": "\\\\", "b": [[]]}', 2, True),
        (b"[" * 100 + b"]" * 100, 64, True),
        (b"[" * 100_000, 64, True),
    ],
)
def test_a_body_may_be_nested_as_deep_as_the_limit_and_no_deeper(
    body: bytes, deepest: int, refused: bool
) -> None:
    if refused:
        with pytest.raises(Refused) as error:
            check_depth(body, deepest)
        assert (error.value.status, error.value.issues[0].code) == (400, "too-costly")
        assert f"than {deepest} " in error.value.issues[0].text
    else:
        check_depth(body, deepest)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@given(_json('[]{}"\\ab'))
def test_no_body_within_the_limit_is_refused_whatever_its_texts_hold(value: object) -> None:
    check_depth(json.dumps(value).encode(), max(_depth(value), 1))


@given(_json('"\\:,ab'))
def test_a_body_beyond_the_limit_is_refused_however_it_is_built(value: object) -> None:
    if _depth(value) > 1:
        with pytest.raises(Refused):
            check_depth(json.dumps(value).encode(), _depth(value) - 1)


#: Python lets C code call itself more often than this.
FEW = 200


@pytest.mark.parametrize("depth", [100, 100_000, 200_000])
def test_nesting_that_hides_from_the_limit_is_refused_all_the_same(depth: int) -> None:
    body = b'{"resourceType": "Patient", "x": ' + b"[" * depth + b"]" * depth + b"}"
    if depth < FEW:
        assert len(unpack(body, 1, 64, Issues()).entries) == 1
    else:
        with pytest.raises(Refused) as refused:
            unpack(body, 1, 64, Issues())
        assert refused.value.issues[0].code == "too-costly"


def _too_long(body: bytes, longest: int) -> bool:
    try:
        check_texts(body, longest)
    except Refused as refused:
        return refused.status == 413
    return False


def _texts(node: object) -> list[str]:
    """All texts of a piece of JSON, names too."""
    if isinstance(node, dict):
        return [*node, *(text for value in node.values() for text in _texts(value))]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return [node] if isinstance(node, str) else []


@given(_json('a\\"{ \u00e9'), st.integers(1, 8), st.booleans())
def test_a_text_is_too_long_by_the_bytes_that_it_is_written_with(
    value: object, longest: int, ascii_only: bool
) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only)
    lengths = [
        len(json.dumps(text, ensure_ascii=ascii_only).encode()) - 2 for text in _texts(value)
    ]

    assert _too_long(written.encode(), longest) == any(length > longest for length in lengths)


@pytest.mark.parametrize("quotes", [0, 1, 2, 999, 1000, 5000])
def test_quotes_in_a_text_do_not_hide_how_long_it_is(quotes: int) -> None:
    text = '"' * quotes + "a" * 20_000
    body = json.dumps({"id": "x" * 9_000, "text": text, "more": ["y" * 500] * 50}).encode()

    assert _too_long(body, 20_000 + 2 * quotes - 1)
    assert not _too_long(body, 20_000 + 2 * quotes)


def test_a_text_that_is_too_long_is_refused_with_its_place() -> None:
    with pytest.raises(Refused) as refused:
        check_texts(b'{"a": 1,\n "text": "abcdef"}', 5)
    (issue,) = refused.value.issues
    assert (refused.value.status, issue.code) == (413, "too-long")
    assert "line 2, column 10" in issue.text
    assert "5 bytes" in issue.text


@pytest.mark.parametrize(
    ("body", "too_long"),
    [
        ('{"data": "%s"}', False),
        ('{"valueBase64Binary" :\n "%s"}', False),
        ('{"notdata": "%s"}', True),
        ('{"data": ["%s"]}', True),
        ('{"data": "AAAA", "id": "%s"}', True),
    ],
)
def test_an_attachment_may_be_as_long_as_it_is(body: str, *, too_long: bool) -> None:
    assert _too_long((body % ("A" * 40)).encode(), 39) == too_long


def test_long_texts_are_found_in_time_that_grows_with_the_body_alone() -> None:
    def seconds(size: int) -> float:
        body = b'["' + b'","'.join([b'\\"' * 400] * (size // 800)) + b'"]'
        started = process_time()
        check_texts(body, 1024)
        return process_time() - started

    seconds(100_000)
    assert seconds(8_000_000) < 16 * max(seconds(1_000_000), 0.01)


def test_gzip_is_told_apart_from_another_encoding() -> None:
    assert "gzip" in _refusal(b"\x1f\x8b\x08\x00").issues[0].text


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_in_json_is_told(word: bytes) -> None:
    assert (
        "neither NaN nor Infinity"
        in _refusal(b'{"resourceType": "Patient", "a": %s}' % word).issues[0].text
    )
    assert "NaN" not in _refusal(b'{"resourceType": "Patient", "a": x"NaN"}').issues[0].text
