"""Content codings: choice by weights, and bytes that decode to what went in."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.codings import CODINGS, IDENTITY, accepted, compress


@pytest.mark.parametrize(
    ("header", "first"),
    [
        (None, IDENTITY),
        (b"", IDENTITY),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"gzip, deflate, br, zstd", "br"),
        (b"gzip, zstd", "zstd"),
        (b"br;q=0, gzip;q=0.2", "gzip"),
        (b"br;q=0.5, gzip;q=0.9", "gzip"),
        (b"*", "br"),
        (b"*;q=0", IDENTITY),
        (b"identity", IDENTITY),
        (b"gzip;q=oops", IDENTITY),
        (b"deflate", IDENTITY),
        (b"GZIP ; Q=1", "gzip"),
    ],
)
def test_the_best_coding_comes_first(header: bytes | None, first: str) -> None:
    assert accepted(header)[0] == first


@given(st.binary(max_size=300))
def test_any_header_ends_in_identity(header: bytes) -> None:
    chosen = accepted(header)
    assert chosen[-1] == IDENTITY
    assert set(chosen) <= set(CODINGS)


@given(st.binary(max_size=3000))
def test_every_coding_gives_the_body_back(body: bytes) -> None:
    assert brotli.decompress(compress(body, "br")) == body
    assert zstandard.ZstdDecompressor().decompress(compress(body, "zstd")) == body
    assert gzip.decompress(compress(body, "gzip")) == body
    assert compress(body, IDENTITY) is body


def test_the_same_body_gives_the_same_bytes() -> None:
    body = b"un deux trois " * 500
    assert all(compress(body, coding) == compress(body, coding) for coding in CODINGS)
