"""What the reader sees of a page. Pure and synchronous: bytes in, bytes out, no clock, no store.

``document`` takes the origin's bytes to text within bounds (``codings`` ``charsets`` ``bounds``);
``places`` finds where the article and its body stand; ``facts`` reads what the page says of itself.
A teaser is built by ``teaser`` from what may be shown (``blocks`` ``sentences`` say how much), then
``leaks`` searches the result for what was withheld, ``structured_data`` and ``marks`` settle what
it says of itself, and ``render`` is the door: ``render_full`` and ``render_teaser``. ``feeds`` does
the same item by item, ``badges`` sets right what a listing says of other pages. Each rendering
parses its own tree: nothing that one reader's page changed can reach another's.

``wall``, ``templates``, ``catalogue``, ``samples`` and ``shell`` draw our own words.
"""
