"""Targets and what must come of them: the rows of the threat list, "Paths", and their neighbours.

Every row is a GET with nothing else unusual. ``moved`` is a 308 to that place, ``judged`` the path
that is matched and sent to the origin, byte for byte; ``refused`` the status. Sources: the tables of
oauth2-proxy's redirect and path tests, Envoy's path normalisation, Traefik's encoded characters,
and CVE-2026-48710's family; the rows are our own.
"""

from __future__ import annotations

from dataclasses import dataclass

MARKER_PATH = "/paid/a"


@dataclass(frozen=True)
class Path:
    target: bytes
    moved: bytes | None = None
    judged: str | None = None
    refused: int | None = None
    query: bytes = b""

    def __str__(self) -> str:
        return repr(self.target[:60])[2:-1]


def _refused(*targets: bytes, status: int = 400) -> tuple[Path, ...]:
    return tuple(Path(target, refused=status) for target in targets)


# An empty or a single-dot segment: the reader is sent to the canonical place.
MOVED = tuple(
    Path(target, moved=to)
    for target, to in (
        (b"//paid/a", b"/paid/a"),
        (b"///paid///a", b"/paid/a"),
        (b"/paid//a", b"/paid/a"),
        (b"/./paid/a", b"/paid/a"),
        (b"/paid/./a", b"/paid/a"),
        (b"/paid/a/.", b"/paid/a/"),
        (b"/paid/a//", b"/paid/a/"),
        (b"/paid/a/./", b"/paid/a/"),
        (b"//paid/a?x=1", b"/paid/a?x=1"),
        (b"/./paid/a?x=//y/./z", b"/paid/a?x=//y/./z"),
        (b"//evil.test/paid/a", b"/evil.test/paid/a"),
        (b"///evil.test", b"/evil.test"),
        (b"//evil.test@a.test/paid", b"/evil.test@a.test/paid"),
        (b"//", b"/"),
        (b"/.", b"/"),
        (b"/./", b"/"),
        (b"//public//%7ea", b"/public/~a"),
    )
)

# Literal parents: 400 here, though a 308 would be as safe.
PARENTS = _refused(
    b"/public/../paid/a",
    b"/..",
    b"/../",
    b"/../paid/a",
    b"/public/..",
    b"/public/../../paid/a",
    b"/paid/a/..",
    b"//../paid/a",
    b"/./../paid/a",
)

# Dots, slashes and backslashes in disguise, once or twice encoded.
DISGUISED = _refused(
    b"/public/%2e%2e/paid/a",
    b"/public/%2E%2E/paid/a",
    b"/public/.%2e/paid/a",
    b"/public/%2e./paid/a",
    b"/public/%2e/paid/a",
    b"/%2e/paid/a",
    b"/%2e%2e/paid/a",
    b"/paid/%2e",
    b"/public%2F..%2Fpaid%2Fa",
    b"/public%2fpaid",
    b"/paid%2fa",
    b"/paid%2Fa",
    b"/%2fpaid/a",
    b"/paid/a%2f",
    b"/paid%5ca",
    b"/paid%5Ca",
    b"/public/%5c..%5cpaid%5ca",
    b"/public\\..\\paid\\a",
    b"\\..\\",
    b"/\\paid\\a",
    b"/paid\\a",
    b"/public/%252e%252e/paid/a",
    b"/public%252f..%252fpaid%252fa",
    b"/public/%25252e%25252e/paid/a",
    b"/public/%25%32%65%25%32%65/paid/a",
    b"/pa%2569d/a",
    b"/paid%255ca",
    b"/paid%25%32%66a",
    b"/%25%37%30aid/a",
    b"/%e2%80%a4%e2%80%a4/paid/a",
    b"/public/%e2%80%a5/paid/a",
    b"/public/%ef%bc%8e%ef%bc%8e/paid/a",
    b"/public/.%ef%bc%8e/paid/a",
    b"/public%ef%bc%8f%ef%bc%8e%ef%bc%8e%ef%bc%8fpaid/a",
    b"/%25u0070aid/a",
)

# Path parameters (RFC 3986 section 3.3): refused unless the policy allows them.
PARAMETERS = _refused(
    b"/public/..;/paid/a",
    b"/public/..;x=1/paid/a",
    b"/paid;x=1/a",
    b"/paid/a;x.js",
    b"/paid/a;",
    b"/;/paid/a",
    b"/.;/paid/a",
    b"/paid%3b/a",
    b"/paid%3Bx=1/a",
    b"/public/..%3b/paid/a",
)

# What no URL may hold, raw or encoded.
IMPOSSIBLE = _refused(
    b"/paid/a%00",
    b"/paid/a%00.css",
    b"/%00/paid/a",
    b"/paid/%c0%ae%c0%ae/a",
    b"/%c0%afpaid/a",
    b"/%e0%80%afpaid/a",
    b"/%f0%80%80%afpaid",
    b"/%ff",
    b"/%fe%ff",
    b"/%c3",
    b"/%c3%28",
    b"/%80",
    b"/%ed%a0%80",
    b"/%ed%bf%bf",
    b"/%f4%90%80%80",
    b"/%f5%80%80%80",
    b"/%zz",
    b"/%",
    b"/paid/a%",
    b"/paid/a%2",
    b"/%u0070aid/a",
    b"/%0a",
    b"/%0d%0aSet-Cookie:x",
    b"/%09paid/a",
    b"/%1f",
    b"/%7f",
    b"/paid/a#",
    b"/paid/a#/public",
    b"/public#/../paid/a",
    b"#/paid/a",
    b"/paid\x01/a",
    b"/paid\x00/a",
    b"/paid\t/a",
    b"/paid\x0b/a",
    b"/paid\x7f/a",
    b"/paid\xe9/a",
    b"/paid\xc3\xa9/a",
    b"/\xff",
    b"/paid/\xef\xbd\x81",
    b"/paid a",
    b"/paid/a HTTP/1.1 x",
    b"/paid/a?x=\x01",
    b"/paid/a?x=\xe9",
    b"/paid/a?x=#y",
)

# Forms of a target that aren't a path (RFC 9112 section 3.2). 405 is as good for a method's sake.
FORMS = _refused(
    b"http://evil.test/paid/a",
    b"http://a.test/paid/a",
    b"https://a.test/paid/a",
    b"HTTP://a.test/paid/a",
    b"a.test:80",
    b"a.test/paid/a",
    b"paid/a",
    b"*",
    b"?",
    b"?x=/paid/a",
    b"file:///etc/passwd",
    b"javascript:alert(1)",
    b"./paid/a",
    b"../paid/a",
)

# Judged as they are: every one of them stands below /paid.
PAID = tuple(
    Path(target, judged=path, query=query)
    for target, path, query in (
        (b"/paid/a", "/paid/a", b""),
        (b"/paid", "/paid", b""),
        (b"/paid/", "/paid/", b""),
        (b"/pa%69d/a", "/paid/a", b""),
        (b"/%70%61%69%64/%61", "/paid/a", b""),
        (b"/pa%49d/a", "/paId/a", b""),
        (b"/PAID/a", "/PAID/a", b""),
        (b"/%50%41%49%44/a", "/PAID/a", b""),
        (b"/paid/a/", "/paid/a/", b""),
        (b"/paid/a.", "/paid/a.", b""),
        (b"/paid/a%2e", "/paid/a.", b""),
        (b"/paid/a..", "/paid/a..", b""),
        (b"/paid/...", "/paid/...", b""),
        (b"/paid/..a", "/paid/..a", b""),
        (b"/paid/a%20", "/paid/a%20", b""),
        (b"/paid/%20a", "/paid/%20a", b""),
        (b"/paid/a+", "/paid/a+", b""),
        (b"/paid/a/index.html", "/paid/a/index.html", b""),
        (b"/paid/a.html", "/paid/a.html", b""),
        (b"/paid/a/amp", "/paid/a/amp", b""),
        (b"/paid/a/feed", "/paid/a/feed", b""),
        (b"/paid/a/x.css", "/paid/a/x.css", b""),
        (b"/paid/a?x=/public/", "/paid/a", b"x=/public/"),
        (b"/paid/a?x=/../public/", "/paid/a", b"x=/../public/"),
        (b"/paid/a?", "/paid/a", b""),
        (b"/paid/a??x", "/paid/a", b"?x"),
        (b"/paid/a?x=%2e%2e;y=%zz", "/paid/a", b"x=%2e%2e;y=%zz"),
        (b"/paid/a?x=\\", "/paid/a", b"x=\\"),
        (b"/paid%3f/public", "/paid%3F/public", b""),
        (b"/paid/a%3Fx=/public", "/paid/a%3Fx=/public", b""),
        (b"/paid/secret%23/public", "/paid/secret%23/public", b""),
        (b"/paid/%c3%a9t%C3%a9", "/paid/%C3%A9t%C3%A9", b""),
        (b"/paid/%f0%9f%97%9e", "/paid/%F0%9F%97%9E", b""),
        (b"/paid/a:b@c!$&'()*,=", "/paid/a:b@c!$&'()*,=", b""),
        (b"/paid/a%7Eb%2db%5fc", "/paid/a~b-b_c", b""),
        (b"/paid/%41%5A%61%7a%30%39", "/paid/AZaz09", b""),
        (b"/paid/a%2cb", "/paid/a%2Cb", b""),
        (b"/paid/a%3db", "/paid/a%3Db", b""),
        (b"/paid/a%22%3c%3e", "/paid/a%22%3C%3E", b""),
        (b"/paid/100%25", "/paid/100%25", b""),
        (b"/paid/100%25-a", "/paid/100%25-a", b""),
        (b'/paid/a"<>[]^`{|}', "/paid/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D", b""),
    )
)

# Full-width letters and kin are other paths: they match nothing of /paid, and stay as they are.
OTHERS = tuple(
    Path(target, judged=path)
    for target, path in (
        (b"/%ef%bd%90%ef%bd%81%ef%bd%89%ef%bd%84/a", "/%EF%BD%90%EF%BD%81%EF%BD%89%EF%BD%84/a"),
        (b"/a%e2%80%a6", "/a%E2%80%A6"),
        (b"/%e2%80%a6", "/%E2%80%A6"),
        (b"/public%ef%bc%8fpaid/a", "/public%EF%BC%8Fpaid/a"),
        (b"/public%e2%88%95paid/a", "/public%E2%88%95paid/a"),
        (b"/p%c3%a0id/a", "/p%C3%A0id/a"),
        (b"/public/a", "/public/a"),
        (b"/", "/"),
    )
)

TOO_LONG = _refused(
    b"/" + b"a" * 65536,
    b"/public/" + b"../" * 10_000 + b"paid/a",
    b"/?" + b"a" * 65536,
    b"/" + b"%61" * 30_000,
    b"/" * 65536,
    status=414,
)

PATHS = (
    *MOVED,
    *PARENTS,
    *DISGUISED,
    *PARAMETERS,
    *IMPOSSIBLE,
    *FORMS,
    *PAID,
    *OTHERS,
)
