"""One linear look at a page's markup before lexbor sees it: its depth, its attributes, its nesting.

lexbor's time grows with the square of both: 100,000 nested ``<div>`` take it 12 s and 50,000
attributes 3.6 s. The scan keeps the parser's stack of open elements roughly as HTML does (WHATWG
HTML, section 13.2), and where it is rough it errs towards more depth.

It also tells which elements were closed by another's end tag (``<div><p>…</article>``), because a
broken nesting lets text of the article escape from the article's element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import PageUnreadable

DEPTH_MAX = 512
ATTRIBUTES_MAX = 512
TAGS_MAX = 100_000
STEPS_MAX = 2_000_000

# Paragraphs and breaks without attributes, most tags of an article, are stepped over, as text is that
# only looks like a tag: nothing of them is ever asked.
_TOKEN = re.compile(
    r"<(?:!--(?:-?>|.*?--!?>|.*)"
    r"|(?:[!?]|/[^a-zA-Z])[^>]*+"  # a comment too (WHATWG HTML, "bogus comment state")
    r"|(?!/?(?:p|li|dd|dt)>|[bh]r>)(/?)([a-zA-Z][^\s/>]*+)"
    r"((?:[^>\"'=]++|=\s*+\"[^\"]*+(?:\"|\Z)|=\s*+'[^']*+(?:'|\Z)|=\s*+[^\s>\"'][^\s>]*+|[=\"'])*+)>?)",
    re.DOTALL,
)
_STEPPED_OVER = re.compile(r"</?[a-z]")
_ATTRIBUTE = re.compile(r"[^\s/=>]+(?:\s*=\s*(?:\"[^\"]*\"?|'[^']*'?|[^\s>]*))?")
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_SCRIPT = re.compile(r"<script[\s/>]", re.IGNORECASE)
# Never on the stack: void elements, and those whose end tags HTML lets anyone leave out.
_PASSING = frozenset(
    (
        "area base br col embed hr img input link meta source track wbr param keygen basefont bgsound"
        " frame image html head body p li dd dt option optgroup rb rp rt rtc tr tbody thead tfoot"
        " colgroup"
    ).split()
)
_ROWS = frozenset("tr tbody thead tfoot".split())
_WHOLE = frozenset(("html", "body"))  # attributes of a second one are added to the first's
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_CELLS = frozenset(("td", "th", "caption"))
_SCOPES = frozenset("table td th caption applet marquee object template svg math".split())
# Elements whose broken nesting moves text from one part of the page into another.
_STRUCTURE = frozenset(
    "address article aside blockquote center details div dl fieldset figure footer form header main"
    " nav ol section table td th ul".split()
)


@dataclass(frozen=True, slots=True)
class Nesting:
    """``broken`` holds (tag, how many of that tag started before it) of every element that wasn't
    closed by its own end tag in order; ``starts`` how many of each tag there are. ``stray`` tells an
    end tag that closes nothing: another one, earlier, may have closed what this one was meant for."""

    broken: frozenset[tuple[str, int]]
    stray: bool
    starts: dict[str, int]


def scan(text: str) -> Nesting:
    """Raises PageUnreadable for a page that would cost lexbor more than it is worth."""
    stack: list[tuple[str, int]] = []
    broken: set[tuple[str, int]] = set()
    starts: dict[str, int] = {}
    position, tags, steps, stray = 0, 0, 0, False
    find = _TOKEN.search
    long = len(text) > TAGS_MAX * len("<p>")  # or it can't hold too many tags
    while match := find(text, position):
        closing, name, attributes = match.groups()
        if long:
            tags += _stepped_over(text, position, match.start()) + (name is not None)
            if tags > TAGS_MAX:
                raise PageUnreadable("too-many-tags")
        position = match.end()
        if name is None:
            continue
        name = name.lower()
        if len(attributes) > 2 * ATTRIBUTES_MAX and not closing:
            _attributes(attributes)
        if name in _PASSING:
            if name in _ROWS:
                _to_table(stack, broken)
            elif name in _WHOLE and attributes and not closing:
                starts[name] = _attributes(attributes, starts.get(name, 0))
            continue
        if closing:
            if stack and stack[-1][0] == name:
                stack.pop()
            else:
                steps += len(stack)
                if steps > STEPS_MAX:
                    raise PageUnreadable("too-mis-nested")
                stray |= not _close(stack, name, broken) and name in _STRUCTURE
            continue
        raw = _RAW.get(name)
        if raw is not None:
            position = _raw_end(text, position, raw, name)
            continue
        if name == "plaintext":
            break
        if name in _CELLS:
            _to_table(stack, broken)
        number = starts.get(name, 0)
        starts[name] = number + 1
        stack.append((name, number))
        if len(stack) > DEPTH_MAX:
            raise PageUnreadable("too-deep")
    else:
        if long and tags + _stepped_over(text, position, len(text)) > TAGS_MAX:
            raise PageUnreadable("too-many-tags")
    broken.update(entry for entry in stack if entry[0] in _STRUCTURE)
    return Nesting(frozenset(broken), stray, starts)


def _stepped_over(text: str, start: int, end: int) -> int:
    return len(_STEPPED_OVER.findall(text, start, end))


def _raw_end(text: str, position: int, end_tag: re.Pattern[str], name: str) -> int:
    """Where a raw text element ends. In a script, ``<!--<script>`` hides one end tag (WHATWG HTML,
    "script data double escaped state")."""
    searched = position
    while end := end_tag.search(text, searched):
        if name == "script":
            comment = text.rfind("<!--", searched, end.start())
            hidden = comment >= 0 and "-->" not in text[comment : end.start()]
            if hidden and _SCRIPT.search(text, comment, end.start()):
                searched = end.end()
                continue
        return end.end()
    return len(text)


def _close(stack: list[tuple[str, int]], name: str, broken: set[tuple[str, int]]) -> bool:
    """An end tag that isn't the last opened element's. False where it closes nothing."""
    if name in _FORMATTING:
        for at in range(len(stack) - 1, -1, -1):
            if stack[at][0] == name:
                del stack[at]
                return True
            if stack[at][0] in _SCOPES:
                break
        return False
    for at in range(len(stack) - 1, -1, -1):
        opened = stack[at][0]
        if opened == name:
            above = stack[at + 1 :]
            lost = [entry for entry in above if entry[0] in _STRUCTURE]
            if lost:
                broken.update(lost)
                broken.add(stack[at])
            # Formatting comes back in the next element (WHATWG, "reconstruct the active formatting
            # elements"), so it still counts; a table cell's doesn't.
            kept = [] if name in _SCOPES else [one for one in above if one[0] in _FORMATTING]
            stack[at:] = kept
            return True
        if opened in _SCOPES and name not in ("table", "template", "svg", "math"):
            break
    return False


def _to_table(stack: list[tuple[str, int]], broken: set[tuple[str, int]]) -> None:
    """A row or cell closes whatever is open in the table before it."""
    for at in range(len(stack) - 1, -1, -1):
        name = stack[at][0]
        if name == "table":
            broken.update(
                entry
                for entry in stack[at + 1 :]
                if entry[0] in _STRUCTURE and entry[0] not in _CELLS
            )
            del stack[at + 1 :]
            return
        if name in ("svg", "math", "template"):
            return


def _attributes(tag: str, had: int = 0) -> int:
    """How many an element has that ``had`` some already, if no more than it may have."""
    found = had + sum(1 for _ in _ATTRIBUTE.finditer(tag))
    if found > ATTRIBUTES_MAX:
        raise PageUnreadable("too-many-attributes")
    return found
