"""A gated page whose body wasn't found: nothing of it can be searched for, so whatever could hold an
article unseen goes. The frame that readers see is for ``teaser`` to cut.

What goes is prose. A site's settings, menus and messages are names, numbers and short sentences.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.page import hidden_forms, structured_data, words
from gateway.page.places import outermost
from gateway.page.pruning import all_text, nodes

_CARRIERS = "template,noscript,iframe,object,xmp,noembed,noframes,plaintext,textarea"
_WORDS_MAX = 20
_UNSPACED_MAX = 60
# A script's strings of so many words are sentences, and so many words of those are a text.
_SENTENCE_WORDS_MIN = 4
_SCRIPT_WORDS_MAX = 40
_STRING = re.compile(
    r"\"(?:[^\"\\]++|\\.)*+\"|'(?:[^'\\\n]++|\\.)*+'|`(?:[^`\\]++|\\.)*+`", re.DOTALL
)
# Words in a row with nothing but spaces between them. Code has few.
_PROSE = re.compile(
    r"(?<!\S)(?:(?:[«“‘\"'(]{0,3}[^\W_]++(?:['’-][^\W_]++)*+[.,;:!?…»”’\"')]{0,3}"
    r"|[«»–—!?:;-])(?:\s++|\Z)){5,}+"
)
# What holds many words and no text, and what a page says of itself to everybody (``content``).
_NO_TEXT = frozenset("class style srcset sizes d points content href src action".split())
_CHARACTERS_MIN = 60


def drop(tree: LexborHTMLParser) -> list[str]:
    """Returns the places from which something went."""
    found = [node for node in tree.css("script") if _holds_text(node)]
    found += [node for node in tree.css(_CARRIERS) if _is_prose(all_text(node))]
    found += [
        node
        for node in nodes(tree)
        if node.is_comment_node and _is_prose(node.comment_content or "")
    ]
    gone = outermost(found)
    removed = [str(node.tag).strip("-") for node in gone]
    for node in gone:
        node.decompose()
    for node in [each for each in nodes(tree) if each.is_element_node]:
        for name, value in node.attributes.items():
            long = value is not None and len(value) >= _CHARACTERS_MIN and name not in _NO_TEXT
            if value and long and (_is_text(value) or _is_prose(value)):
                del node.attrs[name]
                removed.append(f"{node.tag}[{name}]")
    return removed


def _holds_text(script: LexborNode) -> bool:
    """Linked data is for ``structured_data``, where it can be read."""
    kind = (script.attributes.get("type") or "").lower()
    text = script.text()
    if "ld+json" in kind and structured_data.parse(text) is not None:
        return False
    is_code = not kind or "script" in kind or "json" in kind or kind == "module"
    return _is_text(text) or (not is_code and _is_prose(text))


def _is_text(code: str) -> bool:
    """Whether its strings together are a text, as they stand or once undone, or what it encodes."""
    plain = hidden_forms.undone(code)
    if any(_is_prose(said) for said in hidden_forms.encoded(plain)):
        return True
    return any(
        sum(_sentence_words(string[0][1:-1]) for string in _STRING.finditer(source))
        > _SCRIPT_WORDS_MAX
        for source in ((code, plain) if plain != code else (code,))
    )


def _sentence_words(string: str) -> int:
    said = hidden_forms.without_tags(hidden_forms.undone(string))
    counted = max(words.count(said), words.unspaced(said) // 2)
    return counted if counted >= _SENTENCE_WORDS_MIN else 0


def _is_prose(text: str) -> bool:
    plain = hidden_forms.without_tags(hidden_forms.undone(text))
    said = sum(len(run[0].split()) for run in _PROSE.finditer(plain))
    return said > _WORDS_MAX or words.unspaced(plain) > _UNSPACED_MAX
