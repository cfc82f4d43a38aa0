"""A body that comes compressed, unpacked as it comes."""

import zlib
from http import HTTPStatus

from service.api.refusals import Refusal

#: What Content-Encoding may say of it; https://www.rfc-editor.org/rfc/rfc9110#name-gzip-coding
NAMES = ("gzip", "x-gzip")

#: zlib reads the header and checks the sum at the end of gzip's own format, and of no other.
_GZIP_ALONE = zlib.MAX_WBITS | 16


class Gzip:
    """One gzip stream. Never more than `most` bytes and one come out of it."""

    def __init__(self, most: int) -> None:
        self._stream = zlib.decompressobj(_GZIP_ALONE)
        self._room = most + 1

    def unpack(self, packed: bytes) -> bytes:
        """What comes out of the next piece, cut where the limit is passed.

        Refusal: 400 where it is not gzip, was damaged, or goes on after its end.
        """
        try:
            unpacked = self._stream.decompress(packed, max(self._room, 1))
        except zlib.error:
            text = "Content-Encoding says gzip, and the body is not, or was damaged on its way."
            raise Refusal(HTTPStatus.BAD_REQUEST, text) from None
        if self._stream.unused_data:
            text = "The body goes on after the end of its gzip stream; send one stream alone."
            raise Refusal(HTTPStatus.BAD_REQUEST, text)
        self._room -= len(unpacked)
        return unpacked

    def close(self) -> None:
        """Refusal: 400 where the stream has not ended."""
        if not self._stream.eof:
            text = "The body breaks off before the end of its gzip stream."
            raise Refusal(HTTPStatus.BAD_REQUEST, text)
