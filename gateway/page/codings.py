"""Content codings of an origin's answer (RFC 9110 section 8.4), undone in bounded steps.

No decoder of ours bounds its output by itself: 1.6 KB of brotli became 1 GiB. So each is fed and
drained in steps, and whatever is doubled, unknown, cut short, followed by more bytes or over the
limit raises ``PageUnreadable``. Nothing here knows what a page is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

from gateway.errors import PageUnreadable

BYTES_MAX = 16 << 20
_STEP_BYTES = 1 << 20
# A zstd block of 4 bytes may stand for 128 KiB (RFC 8878, RLE blocks), and decompressobj has no
# limit of its own: 128 bytes of input can't grow beyond 4 MiB at once.
_ZSTD_INPUT_BYTES = 128
_ZSTD_WINDOW_BYTES_MAX = 8 << 20  # RFC 9659: what a decoder of "zstd" over HTTP must support


def decode_body(raw: bytes, content_encoding: bytes | None, *, bytes_max: int = BYTES_MAX) -> bytes:
    """The body without its coding. Raises PageUnreadable, never anything else."""
    coding = (content_encoding or b"identity").decode("latin-1").strip().lower() or "identity"
    decode = _DECODERS.get(coding)
    if decode is None:
        raise PageUnreadable("unknown-coding")
    try:
        return decode(raw, bytes_max)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise PageUnreadable("damaged-coding") from error


def decode_opening(raw: bytes, content_encoding: bytes | None, *, bytes_max: int) -> bytes:
    """As much of the beginning as ``raw``, the beginning of a coded body, tells; at most ``bytes_max``
    and what a step brings beyond. For looking, not for showing: a coding that isn't known is taken for
    none, and damage ends the body. Never raises."""
    coding = (content_encoding or b"identity").decode("latin-1").strip().lower()
    begin = _BEGINNINGS.get(coding)
    if begin is None:
        return raw[:bytes_max]
    try:
        return begin(raw, bytes_max)
    except (zlib.error, brotli.error, zstandard.ZstdError):
        return b""


def _begin_deflate(raw: bytes, bytes_max: int) -> bytes:
    try:
        return zlib.decompressobj(15).decompress(raw, bytes_max)
    except zlib.error:
        return zlib.decompressobj(-15).decompress(raw, bytes_max)


def _begin_brotli(raw: bytes, bytes_max: int) -> bytes:
    return bytes(brotli.Decompressor().process(raw, output_buffer_limit=bytes_max))


def _begin_zstd(raw: bytes, bytes_max: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX).decompressobj()
    decoded = bytearray()
    for start in range(0, len(raw), _ZSTD_INPUT_BYTES):
        if decoder.eof or len(decoded) >= bytes_max:
            break
        decoded += decoder.decompress(raw[start : start + _ZSTD_INPUT_BYTES])
    return bytes(decoded)


def _identity(raw: bytes, bytes_max: int) -> bytes:
    if len(raw) > bytes_max:
        raise PageUnreadable("too-many-bytes")
    return raw


def _gzip(raw: bytes, bytes_max: int) -> bytes:
    """RFC 1952 section 2.2: a gzip body is a series of members."""
    decoded = b""
    while True:
        member, raw = _inflate(raw, 31, bytes_max - len(decoded))
        decoded += member
        if not raw:
            return decoded


def _deflate(raw: bytes, bytes_max: int) -> bytes:
    """Some servers send raw deflate without its zlib wrapper (RFC 9110 section 8.4.1.2, note)."""
    try:
        decoded, rest = _inflate(raw, 15, bytes_max)
    except zlib.error:
        decoded, rest = _inflate(raw, -15, bytes_max)
    if rest:
        raise PageUnreadable("damaged-coding")
    return decoded


def _inflate(raw: bytes, window_bits: int, bytes_max: int) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj(window_bits)
    pieces, size, rest = [], 0, raw
    while not inflater.eof:
        piece = inflater.decompress(rest, _STEP_BYTES)
        rest = inflater.unconsumed_tail
        size += len(piece)
        if size > bytes_max:
            raise PageUnreadable("too-many-bytes")
        if not piece and not inflater.eof:
            raise PageUnreadable("truncated-coding")
        pieces.append(piece)
    return b"".join(pieces), inflater.unused_data


def _brotli(raw: bytes, bytes_max: int) -> bytes:
    decoder = brotli.Decompressor()
    pieces, size, given = [], 0, raw
    while not decoder.is_finished():
        piece = decoder.process(given, output_buffer_limit=_STEP_BYTES)
        given = b""
        size += len(piece)
        if size > bytes_max:
            raise PageUnreadable("too-many-bytes")
        if not piece and not decoder.is_finished():
            raise PageUnreadable("truncated-coding")
        pieces.append(piece)
    return b"".join(pieces)


def _zstd(raw: bytes, bytes_max: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX).decompressobj()
    pieces, size = [], 0
    for start in range(0, len(raw), _ZSTD_INPUT_BYTES):
        if decoder.eof:
            raise PageUnreadable("damaged-coding")
        piece = decoder.decompress(raw[start : start + _ZSTD_INPUT_BYTES])
        size += len(piece)
        if size > bytes_max:
            raise PageUnreadable("too-many-bytes")
        pieces.append(piece)
    if not decoder.eof:
        raise PageUnreadable("truncated-coding")
    if decoder.unused_data:
        raise PageUnreadable("damaged-coding")
    return b"".join(pieces)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": _identity,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
_BEGINNINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": lambda raw, bytes_max: zlib.decompressobj(31).decompress(raw, bytes_max),
    "x-gzip": lambda raw, bytes_max: zlib.decompressobj(31).decompress(raw, bytes_max),
    "deflate": _begin_deflate,
    "br": _begin_brotli,
    "zstd": _begin_zstd,
}
