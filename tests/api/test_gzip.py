import gzip
import tracemalloc
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.gzip import Gzip
from service.api.refusals import Refusal

BODY = b'{"resourceType": "Patient", "id": "p"}'


def unpacked(packed: bytes, most: int = 10_000, piece: int = 7) -> bytes:
    stream = Gzip(most)
    found = b"".join(stream.unpack(packed[at : at + piece]) for at in range(0, len(packed), piece))
    stream.close()
    return found


@given(st.binary(max_size=500), st.integers(1, 100))
def test_what_was_packed_comes_out_in_whatever_pieces_it_comes(body: bytes, piece: int) -> None:
    assert unpacked(gzip.compress(body), piece=piece) == body


@pytest.mark.parametrize("packed", [gzip.compress(BODY)[:-1], gzip.compress(BODY)[:12], b""])
def test_a_stream_that_breaks_off_is_refused(packed: bytes) -> None:
    with pytest.raises(Refusal, match="breaks off") as refused:
        unpacked(packed)
    assert refused.value.status_code == 400


@pytest.mark.parametrize("more", [b"\n", b"\0" * 9, gzip.compress(b""), gzip.compress(BODY)])
def test_what_goes_on_after_its_end_is_refused(more: bytes) -> None:
    for piece in (1, 7, 1000):
        with pytest.raises(Refusal, match="after the end") as refused:
            unpacked(gzip.compress(BODY) + more, piece=piece)
        assert refused.value.status_code == 400


@pytest.mark.parametrize(
    "packed",
    [
        BODY,
        zlib.compress(BODY),
        gzip.compress(BODY)[:-8] + b"\0" * 8,
        gzip.compress(BODY)[:12] + b"\xff\xff" + gzip.compress(BODY)[14:],
    ],
    ids=["no gzip", "zlib", "a wrong sum", "damaged"],
)
def test_what_is_no_gzip_or_damaged_is_refused(packed: bytes) -> None:
    with pytest.raises(Refusal, match="is not, or was damaged") as refused:
        unpacked(packed)
    assert refused.value.status_code == 400


def test_a_bomb_fills_no_more_memory_than_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    stream = Gzip(100_000)
    tracemalloc.start()
    try:
        assert len(stream.unpack(bomb)) == 100_001
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


@given(st.integers(0, 2**32))
def test_nothing_else_comes_out_than_bytes_or_a_refusal(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - not for secrets
    packed = bytearray(gzip.compress(BODY * 20))
    for _ in range(chance.randint(1, 5)):
        packed[chance.randrange(len(packed))] = chance.randrange(256)
    try:
        found = unpacked(bytes(packed))
    except Refusal:
        return
    assert found == BODY * 20
