"""Two files that aren't pages, made by code: a one-page PDF and six seconds of a foghorn.

Documents behind a path rule can't be shown in part, so the gateway refuses them to a reader who
may not have them. These are real files, small enough to be made when first asked for.
"""

from __future__ import annotations

import math
import struct

_RATE = 8000
_SECONDS = 6


def pdf(title: str, lines: tuple[str, ...]) -> bytes:
    """One A4 page of text in Helvetica, PDF 1.4, with its cross-reference table."""

    def shown(text: str) -> bytes:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        return b"(" + escaped.encode("cp1252", "replace") + b") Tj\n"

    content = b"BT /F1 20 Tf 72 760 Td " + shown(title) + b"/F1 12 Tf 0 -22 Td 18 TL\n"
    content += b"".join(b"T* " + shown(line) for line in lines) + b"ET\n"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /Lang (fr) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out, starts = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % start for start in starts)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def foghorn() -> bytes:
    """A WAV file: one long low note that rises, holds and dies away, 8-bit mono."""
    samples = bytearray()
    for index in range(_RATE * _SECONDS):
        at = index / _RATE
        swell = min(1.0, at / 0.4) * min(1.0, max(0.0, (4.5 - at) / 1.5))
        wave = sum(math.sin(2 * math.pi * 110 * n * at) / n**1.5 for n in (1, 2, 3, 5))
        samples.append(round(128 + 50 * swell * wave))
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, _RATE, _RATE, 1, 8),
        *(b"data", len(samples)),
    )
    return head + bytes(samples)
