"""The pages that are served: news articles of a wanted size, the same at every run. Pure.

Their words repeat about as much as a newspaper's do, so that 50 KB come to 11 KB gzipped.
"""

from __future__ import annotations

import random

MARKER = "withheld-word"
SHOWN = "standfirst-word"
PAGES_BYTES = {"small": 50_000, "middle": 68_000, "large": 150_000}
BIG_BYTES = 4 << 20  # more than the socket buffers on the way of a stalled reader hold
_ONSETS = "b br c ch d f fl g gr h l m n p pr qu r s st t tr v".split()
_VOWELS = "a ai e ea i o ou u".split()
_ENDS = "l n r s t nd rt sh ng m".split()
_ACCENTS = str.maketrans({"e": "é", "o": "ô"})
_CARD = (
    '<li class="card"><a class="card-link" href="/open/{n}"><h3 class="card-title">{title}</h3>'
    '<p class="card-excerpt">{excerpt}</p><time class="card-date" datetime="2026-11-2{d}">'
    "2{d} November</time></a></li>"
)
_STYLE = "".join(
    f".card-{n}{{margin:{n}px;padding:{n + 4}px;border-radius:4px;color:#2{n % 10}3}}"
    for n in range(60)
)


def article(size_bytes: int, *, french: bool = False) -> str:
    """A whole page of ``size_bytes`` (within 1 %): standfirst, body paragraphs, cards of others.

    ``french``: as many characters beyond ASCII as French has, of which some are punctuation."""
    dice = random.Random(20_261_123)  # noqa: S311  # prose, not secrets
    words = [dice.choice(_ONSETS) + dice.choice(_VOWELS) + dice.choice(_ENDS) for _ in range(400)]
    weights = [1 / (rank + 1) for rank in range(len(words))]

    if french:
        words = [
            f"l’{word}"
            if number % 10 == 0
            else word.translate(_ACCENTS)
            if number % 4 == 0
            else word
            for number, word in enumerate(words, 1)
        ]

    def sentence(length: int) -> str:
        text = " ".join(dice.choices(words, weights, k=length))
        text = text[0].upper() + text[1:] + "."
        return f"«\u00a0{text}\u00a0»" if french and length % 4 == 0 else text

    cards = "".join(
        _CARD.format(n=n, d=n % 7, title=sentence(7), excerpt=sentence(22)) for n in range(24)
    )
    paragraphs: list[str] = []
    room = size_bytes - len(_page("", cards, sentence(30)).encode())
    while room > 0:
        text = " ".join(sentence(dice.randint(9, 24)) for _ in range(dice.randint(3, 6)))
        mark = f" {MARKER}" if len(paragraphs) > 5 else ""
        paragraphs.append(f"<p>{text}{mark}</p>\n")
        room -= len(paragraphs[-1].encode())
    return _page("".join(paragraphs), cards, sentence(30))


def _page(body: str, cards: str, standfirst: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>An article</title>'
        '<meta name="viewport" content="width=device-width"><meta property="og:title"'
        ' content="An article"><link rel="canonical" href="/paid/article">'
        '<script type="application/ld+json">{"@context":"https://schema.org",'
        '"@type":"NewsArticle","headline":"An article","datePublished":"2026-11-20T08:00:00Z"}'
        f"</script><style>{_STYLE}</style></head><body><header><nav><a href='/'>Home</a></nav>"
        f'</header><main><article><h1>An article</h1><p class="standfirst">{SHOWN} {standfirst}'
        f'</p><div class="article-body">\n{body}</div></article><ul class="cards">{cards}</ul>'
        "</main><footer>The end</footer></body></html>\n"
    )
