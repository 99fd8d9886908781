"""Header lines from outside and what becomes of them: the rows of the threat list, "Headers".

``DROPPED`` never reach a decision or an origin. ``KEPT`` must. ``REFUSED`` are whole requests, each
with its status. ``IDENTITY`` is spelt in every way that some origin folds to one name.
"""

from __future__ import annotations

# Names by which gateways tell origins who the reader is. The first column of oauth2-proxy's,
# Traefik's, Authelia's, Pomerium's, Cloudflare Access's, AWS ALB's, mod_auth_openidc's, Authentik's,
# Vouch's, Kong's, Tailscale's, Shibboleth's and Azure App Service's manuals.
IDENTITY_NAMES = """
    X-Forwarded-User X-Forwarded-Email X-Forwarded-Groups X-Forwarded-Preferred-Username
    X-Forwarded-Access-Token X-Forwarded-Login Remote-User Remote-Email Remote-Name Remote-Groups
    Remote-Roles X-Remote-User X-Remote-Email X-Remote-Group X-Remote-Extra-Scopes
    X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups X-Auth-Request-Access-Token
    X-Auth-Request-Preferred-Username X-WEBAUTH-USER X-WEBAUTH-EMAIL X-WEBAUTH-ROLE
    X-Lychgate-Reader X-Lychgate-Assertion Lychgate-Reader Lychgate-Assertion Lychgate-Tiers
    X-Authenticated-User X-Authenticated-Userid X-Pomerium-Jwt-Assertion X-Pomerium-Claim-Email
    Cf-Access-Jwt-Assertion Cf-Access-Authenticated-User-Email X-Goog-Iap-Jwt-Assertion
    X-Goog-Authenticated-User-Email X-Amzn-Oidc-Data X-Amzn-Oidc-Identity X-Amzn-Oidc-Accesstoken
    X-MS-Client-Principal X-MS-Client-Principal-Id X-MS-Token-AAD-Id-Token
    OIDC-CLAIM-sub OIDC_CLAIM_email X-SSL-Client-Cert X-SSL-Client-DN X-Client-Cert SSL-Client-Cert
    SSL-Client-Verify SSL_CLIENT_S_DN X-Forwarded-Client-Cert X-Forwarded-Tls-Client-Cert
    Client-Cert Client-Cert-Chain X-Authentik-Username X-Authentik-Jwt X-Authelia-User X-Vouch-User
    X-Vouch-IdP-Claims-Name X-Consumer-Username X-Consumer-Custom-Id X-Credential-Identifier
    X-Anonymous-Consumer X-Auth-User X-Auth-Email X-Auth-Username X-Auth-Roles X-Auth-Groups
    X-User-Name X-User-Roles X-Role X-Token-User-Email Tailscale-User-Login X-JWT-Assertion
    Shib-Identity-Provider X-Shib-User X-SSO-User X-OpenID-Sub X-Gitlab-User X-ARR-ClientCert
    X-Email-Address persistent-id eppn
""".split()


def spellings(name: str) -> tuple[bytes, ...]:
    """``-``, ``_`` and ``.`` between words, in four cases: CGI folds them all to one variable."""
    found = []
    for joint in "-_.":
        joined = name.replace("-", joint).replace("_", joint)
        found += [joined, joined.lower(), joined.upper(), joined.swapcase()]
    return tuple(dict.fromkeys(spelt.encode() for spelt in found))


IDENTITY = tuple(spelt for name in IDENTITY_NAMES for spelt in spellings(name))

# Names that make some origin answer another path, method, host or page than the one judged.
OVERRIDES = tuple(
    (name.encode(), value.encode())
    for name, value in (
        ("X-Original-URL", "/paid/a"),
        ("X-Original-Uri", "/paid/a"),
        ("X-Original-Host", "evil.test"),
        ("X-Original-Method", "POST"),
        ("X-Rewrite-URL", "/paid/a"),
        ("X-Override-URL", "/paid/a"),
        ("X-Host-Override", "evil.test"),
        ("X-HTTP-Host-Override", "evil.test"),
        ("X-Forwarded", "for=1.2.3.4"),
        ("X-Forwarder-For", "1.2.3.4"),
        ("X-Forwarded-Uri", "/paid/a"),
        ("X-Forwarded-Path", "/paid/a"),
        ("X-Forwarded-Prefix", "/paid"),
        ("X-Forwarded-Method", "POST"),
        ("X-Forwarded-Scheme", "https"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Forwarded-Server", "evil.test"),
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Port", "1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X_Forwarded_For", "1.2.3.4"),
        ("Forwarded", "for=1.2.3.4;host=evil.test"),
        ("X-Real-IP", "1.2.3.4"),
        ("X-Client-IP", "1.2.3.4"),
        ("X-Cluster-Client-IP", "1.2.3.4"),
        ("X-Originating-IP", "1.2.3.4"),
        ("True-Client-IP", "1.2.3.4"),
        ("CF-Connecting-IP", "1.2.3.4"),
        ("CF-Connecting-IPv6", "::1"),
        ("CF-IPCountry", "FR"),
        ("Fastly-Client-IP", "1.2.3.4"),
        ("X-HTTP-Method", "POST"),
        ("X-HTTP-Method-Override", "POST"),
        ("X-Method-Override", "POST"),
        ("X_HTTP_METHOD_OVERRIDE", "POST"),
        ("X-Accel-Redirect", "/paid/a"),
        ("X-Accel-Buffering", "no"),
        ("X-Sendfile", "/paid/a"),
        ("X-Sendfile-Type", "X-Accel-Redirect"),
        ("X-Accel-Mapping", "/=/"),
        ("X-LiteSpeed-Location", "/paid/a"),
        ("x-middleware-subrequest", "middleware:middleware"),
        ("x-middleware-rewrite", "/paid/a"),
        ("X-Middleware-Prefetch", "1"),
        ("x-nextjs-data", "1"),
        ("x-invoke-path", "/paid/a"),
        ("x-invoke-status", "200"),
        ("x-matched-path", "/paid/a"),
        ("x-now-route-matches", "1=/paid/a"),
        ("RSC", "1"),
        ("Next-Router-Prefetch", "1"),
        ("Next-Router-State-Tree", "x"),
        ("Next-Router-Segment-Prefetch", "/_tree"),
        ("Next-Url", "/paid/a"),
        ("Next-Action", "x"),
        ("X-User-Id", "1"),
        ("X-Userinfo", "e30="),
        ("X-Groups", "staff"),
        ("X-Roles", "admin"),
        ("X-Host", "evil.test"),
        ("X-Url-Scheme", "https"),
        ("Front-End-Https", "on"),
        ("Base-Url", "http://evil.test"),
        ("Proxy", "http://evil.test"),
        ("Proxy-Host", "evil.test"),
        ("Destination", "/paid/a"),
        ("X-ProxyUser-Ip", "1.2.3.4"),
    )
)

# Names that aren't all letters, digits and hyphens: some origin folds each into one that counts.
ODD = tuple(
    (name, b"x")
    for name in (
        b"X_User",
        b"X.User",
        b"X'User",
        b"X~User",
        b"X|User",
        b"X!User",
        b"X$User",
        b"X%2dUser",
        b"X*User",
        b"X+User",
        b"X^User",
        b"X`User",
        b"X&User",
        b"X#User",
    )
)

# Hop-by-hop fields (RFC 9110 section 7.6.1) and whatever Connection names besides.
HOP_BY_HOP = (
    (b"Keep-Alive", b"timeout=5"),
    (b"Proxy-Connection", b"keep-alive"),
    (b"Proxy-Authorization", b"Basic eA=="),
    (b"TE", b"trailers"),
    (b"Trailer", b"Cookie"),
    (b"Upgrade", b"h2c"),
    (b"HTTP2-Settings", b"AAMAAABkAARAAAAAAAIAAAAA"),
)

KEPT = (
    (b"Accept", b"text/html"),
    (b"Accept-Language", b"fr"),
    (b"Cookie", b"origin=1"),
    (b"User-Agent", b"Mozilla/5.0"),
    (b"Referer", b"http://a.test/"),
    (b"Origin", b"http://a.test"),
    (b"Content-Type", b"text/plain"),
    (b"If-None-Match", b'"x"'),
    (b"Range", b"bytes=0-1"),
    (b"Sec-Fetch-Dest", b"document"),
    (b"X-Requested-With", b"XMLHttpRequest"),
    (b"X-CSRF-Token", b"x"),
    (b"X-Auth-Token", b"x"),
    (b"X-WP-Nonce", b"x"),
    (b"Authorization", b"Bearer x"),
    (b"Accept-Version", b"v5.0"),
)

# Monitors and crawlers: a name opens nothing.
AGENTS = (
    b"Googlebot/2.1 (+http://www.google.com/bot.html)",
    b"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    b"facebookexternalhit/1.1",
    b"Twitterbot/1.0",
    b"kube-probe/1.30",
    b"GoogleHC/1.0",
    b"ELB-HealthChecker/2.0",
    b"UptimeRobot/2.0",
    b"Prometheus/2.50",
    b"Lychgate/1.0",
    b"",
)

_GET = b"GET /paid/a HTTP/1.1\r\n"

# Whole requests: name, bytes, status.
REFUSED: tuple[tuple[str, bytes, int], ...] = (
    ("no host", _GET + b"\r\n", 400),
    ("empty host", _GET + b"Host:\r\n\r\n", 400),
    ("two hosts", _GET + b"Host: a.test\r\nHost: a.test\r\n\r\n", 400),
    ("two hosts apart", _GET + b"Host: a.test\r\nX: y\r\nhost: evil.test\r\n\r\n", 400),
    (
        "two authorizations",
        _GET + b"Host: a.test\r\nAuthorization: x\r\nAuthorization: y\r\n\r\n",
        400,
    ),
    (
        "two lengths",
        b"POST /public/a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        400,
    ),
    (
        "two lengths that differ",
        b"POST /public/a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        400,
    ),
    ("a target as host", _GET + b"Host: a.test/public?\r\n\r\n", 400),
    ("a user in host", _GET + b"Host: x@a.test\r\n\r\n", 400),
    ("a list of hosts", _GET + b"Host: a.test, evil.test\r\n\r\n", 400),
    ("a space in host", _GET + b"Host: a.test evil.test\r\n\r\n", 400),
    ("a backslash in host", _GET + b"Host: a.test\\evil\r\n\r\n", 400),
    ("a hash in host", _GET + b"Host: a.test#evil\r\n\r\n", 400),
    ("an encoded host", _GET + b"Host: a%2etest\r\n\r\n", 400),
    ("a letter port", _GET + b"Host: a.test:http\r\n\r\n", 400),
    ("a port too large", _GET + b"Host: a.test:65536\r\n\r\n", 421),
    ("two ports", _GET + b"Host: a.test:80:80\r\n\r\n", 400),
    ("raw bytes in host", _GET + b"Host: a\xe9.test\r\n\r\n", 400),
    ("an open bracket", _GET + b"Host: [::1\r\n\r\n", 400),
    ("a long host", _GET + b"Host: " + b"a" * 300 + b".test\r\n\r\n", 421),
    ("another host", _GET + b"Host: evil.test\r\n\r\n", 421),
    ("a host below ours", _GET + b"Host: x.a.test\r\n\r\n", 421),
    ("a host above ours", _GET + b"Host: test\r\n\r\n", 421),
    ("a host that begins as ours", _GET + b"Host: a.test.evil\r\n\r\n", 421),
    ("a host that ends as ours", _GET + b"Host: evila.test\r\n\r\n", 421),
    ("an address", _GET + b"Host: 127.0.0.1\r\n\r\n", 421),
    ("an address of six", _GET + b"Host: [::1]\r\n\r\n", 421),
    ("our host on another port", _GET + b"Host: a.test:8443\r\n\r\n", 421),
)
