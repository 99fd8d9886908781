"""What a browser makes of a Location header: Node's parser, which follows the WHATWG URL Standard.

One process for any number of questions, asked line by line as JSON.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable

from tests.peers import program

_SCRIPT = """
const lines = require('readline').createInterface({ input: process.stdin });
const said = [];
lines.on('line', line => {
  const [written, base] = JSON.parse(line);
  try {
    const url = new URL(written, base);
    // Of an opaque origin (data:, javascript:) the scheme is told.
    said.push(JSON.stringify([url.origin === 'null' ? url.protocol : url.origin, url.href]));
  } catch { said.push('null'); }
});
lines.on('close', () => process.stdout.write(said.join('\\n')));
"""


def resolved(questions: Iterable[tuple[str, str]]) -> list[tuple[str, str] | None]:
    """Origin and address of each (written, base), or None where a browser wouldn't go anywhere."""
    asked = "\n".join(json.dumps(question) for question in questions)
    done = subprocess.run(
        [program("node"), "-e", _SCRIPT],
        input=asked,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.split("\n")]
    return [answer and (answer[0], answer[1]) for answer in answers]
