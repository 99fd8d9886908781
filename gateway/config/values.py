"""The kinds of values that settings have, each checked once, when it is read.

A fault's message says what is wanted, in a publisher's words, and never shows the value of a
secret. Secrets are ``SecretStr``: a literal, ``env:NAME`` or ``file:PATH``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, Strict, ValidationInfo

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SECRET_BYTES_MAX = 64 << 10
KEY_CHARACTERS_MIN = 16
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.?[^\s@<>\"]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where secrets are looked up: the environment, and the folder that ``file:`` starts from."""

    environ: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Bind:
    """A listener. Port 0 asks the system for a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _secret(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, SecretStr):
        return value
    if not isinstance(value, str):
        raise ValueError("a text is needed: a literal, `env:NAME` or `file:PATH`")
    sources = info.context if isinstance(info.context, Sources) else Sources({}, Path())
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        found = sources.environ.get(name)
        if not found:
            raise ValueError(f"the environment has no {name}, or it is empty")
        return SecretStr(found)
    if value.startswith("file:"):
        return SecretStr(_secret_file(sources.folder / value.removeprefix("file:")))
    return SecretStr(value)


def _secret_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_BYTES_MAX + 1)
        if len(raw) > SECRET_BYTES_MAX:
            raise ValueError("the file of this secret is larger than 64 KB")
        text = raw.decode()
    except UnicodeDecodeError:
        raise ValueError("the file of this secret isn't UTF-8") from None
    except OSError as error:
        raise ValueError(f"the file of this secret can't be read: {error.strerror}") from None
    if not text.strip():
        raise ValueError("the file of this secret is empty")
    return text.rstrip("\r\n")


def _key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < KEY_CHARACTERS_MIN:
        raise ValueError(f"a key has {KEY_CHARACTERS_MIN} characters or more")
    return value


def _header_value(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x20-\x7e\t]*", value.get_secret_value()):
        raise ValueError("a header's value is printable ASCII on one line")
    return value


def loopback(host: str) -> bool:
    """Whether only this machine can be behind a host name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bare_url(value: str, *, path_allowed: bool = False) -> str:
    """Scheme, host and port, in one spelling. Raises ValueError with what is wanted instead."""
    if not re.fullmatch(r"[\x21-\x7e]+", value) or "\\" in value:
        raise ValueError("a URL is ASCII, without spaces (an international host as xn--…)")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("a URL starts with https:// or http:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL without credentials")
    if not (_HOST.fullmatch(host) or ":" in host):
        raise ValueError(f"`{host}` is no host name")
    if "?" in value or "#" in value:
        raise ValueError("a URL without query or fragment")
    if not path_allowed and parts.path not in ("", "/"):
        raise ValueError("a URL without a path: scheme, host and port alone")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        netloc += f":{port}"
    return f"{parts.scheme}://{netloc}{parts.path if path_allowed else ''}"


def _secure(url: str) -> str:
    if url.startswith("http://") and not loopback(urlsplit(url).hostname or ""):
        raise ValueError("plain http is accepted on loopback only; use https://")
    return url


def site_url(value: str) -> str:
    """As ``bare_url``; plain http on loopback only."""
    return _secure(bare_url(value))


def _issuer(value: str) -> str:
    # An issuer is compared character by character (OpenID Connect Core 3.1.3.7), so it stays as
    # written.
    _secure(bare_url(value, path_allowed=True))
    return value


def _api_base(value: str) -> str:
    return _secure(bare_url(value, path_allowed=True)).rstrip("/") if value else value


def _bind(value: Any) -> Any:
    if isinstance(value, Bind):
        return value
    wanted = "an address and a port are needed, as 127.0.0.1:8000 or [::1]:8000"
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:]+)):(\d{1,5})", str(value))
    if found is None or not isinstance(value, str):
        raise ValueError(wanted)
    host, port = found[1] or found[2], int(found[3])
    try:
        if host != "localhost":
            ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(wanted) from None
    if port > 65_535:
        raise ValueError("a port is 65535 at most")
    return Bind(host, port)


def _network(value: Any) -> Any:
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    try:
        return ipaddress.ip_network(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("a network is needed, as 10.0.0.0/8 or 127.0.0.1/32") from None


def _host(value: str) -> str:
    name, _, port = value.lower().partition(":")
    if not _HOST.fullmatch(name) or (port and not port.isdecimal()) or value.endswith(":"):
        raise ValueError("a host name is needed, without scheme or path")
    return value.lower()


def _host_or_none(value: str) -> str:
    return _host(value) if value else ""


def _folder(value: Any, info: ValidationInfo) -> Any:
    """Seen from the config file's folder, whatever folder the command was typed in."""
    if isinstance(value, Path) or value is None:
        return value
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("the path of a folder is needed")
    sources = info.context if isinstance(info.context, Sources) else Sources({}, Path())
    return sources.folder / value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("a language tag is needed, as fr or en-GB (BCP 47)")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise ValueError("no such time zone; use a name such as Europe/Paris") from None
    return value


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError("lower-case letters, digits, - and _ only, 63 at most")
    return value


def _person(value: str) -> str:
    if value.startswith("group:") and value != "group:":
        return value
    if _ADDRESS.fullmatch(value):
        return value.lower()
    raise ValueError("an e-mail address or `group:NAME` is needed")


def _link(value: str) -> str:
    if value.startswith("mailto:") and _ADDRESS.fullmatch(value.removeprefix("mailto:")):
        return value
    if value == "" or (value.startswith("/") and not value.startswith(("//", "/\\"))):
        return value
    if re.fullmatch(r"https?://[\x21-\x7e]+", value):
        return value
    raise ValueError("a path such as /terms, an https:// URL or mailto:ADDRESS is needed")


def _site_path(value: str) -> str:
    if value and not re.fullmatch(r"/(?!/)[\x21-\x7e]*", value):
        raise ValueError("a path on the site is needed, as /about")
    return value


def _header_name(value: str) -> str:
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError(f"`{value}` is no header name")
    if value.lower() in ("host", "connection", "content-length", "transfer-encoding"):
        raise ValueError(f"`{value}` is the gateway's own to send")
    return value


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text.partition(":")[0] not in schemes:
            named = " or ".join(filter(None, schemes))
            raise ValueError(f"a URL is needed that starts with {named}:")
        return value

    return AfterValidator(check)


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("a text that isn't empty is needed")
    return value


Truth = Annotated[bool, Strict()]
Whole = Annotated[int, Strict(), Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_text)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Key = Annotated[SecretStr, BeforeValidator(_secret), AfterValidator(_key)]
HeaderValue = Annotated[SecretStr, BeforeValidator(_secret), AfterValidator(_header_value)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
StoreUrl = Annotated[SecretStr, BeforeValidator(_secret), _scheme("sqlite", "postgresql")]
BusUrl = Annotated[
    SecretStr, BeforeValidator(_secret), _scheme("", "valkey", "valkeys", "redis", "rediss")
]
SiteUrl = Annotated[str, AfterValidator(site_url)]
OriginUrl = Annotated[str, AfterValidator(bare_url)]
Issuer = Annotated[str, AfterValidator(_issuer)]
ApiBase = Annotated[str, AfterValidator(_api_base)]
Listener = Annotated[Bind, BeforeValidator(_bind)]
Cidr = Annotated[Network, BeforeValidator(_network)]
Host = Annotated[str, AfterValidator(_host)]
HostOrNone = Annotated[str, AfterValidator(_host_or_none)]
Folder = Annotated[Path, BeforeValidator(_folder)]
FolderOrNone = Annotated[Path | None, BeforeValidator(lambda v, info: _folder(v or None, info))]
Language = Annotated[str, AfterValidator(_language)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Person = Annotated[str, AfterValidator(_person)]
Link = Annotated[str, AfterValidator(_link)]
SitePath = Annotated[str, AfterValidator(_site_path)]
