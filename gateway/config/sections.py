"""The settings as frozen nouns: one class a section of ``lychgate.toml``, named as its keys.

Nothing is read here. Files and folders come out as seen from the config file's own folder.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.config.alerting import Address, Webhook
from gateway.config.mailing import MailUrl, Sender
from gateway.config.signing import SigningKey
from gateway.config.values import (
    ApiBase,
    Bind,
    BusUrl,
    Cidr,
    Folder,
    FolderOrNone,
    HeaderName,
    HeaderValue,
    Host,
    HostOrNone,
    Identifier,
    Issuer,
    Key,
    Language,
    Link,
    Listener,
    OriginUrl,
    Person,
    Seconds,
    Secret,
    SitePath,
    SiteUrl,
    StoreUrl,
    Text,
    TimeZone,
    Truth,
    Whole,
)


class Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class Legal(Section):
    terms: Link = ""
    privacy: Link = ""
    support: Link = ""


class Site(Section):
    """``url`` has neither a slash at its end nor a default port."""

    url: SiteUrl
    origin: OriginUrl
    name: Text
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en",)
    timezone: TimeZone = "UTC"
    aliases: tuple[Host, ...] = ()
    shell: SitePath = ""
    legal: Legal = Legal()


class Origin(Section):
    """``host`` empty: that of ``site.url``. ``headers`` are the gateway's identity there."""

    host: HostOrNone = ""
    headers: dict[HeaderName, HeaderValue] = {}
    shared_identity: Truth = False
    canary: tuple[SitePath, ...] = ()
    connect_timeout_seconds: Seconds = 3.0
    read_timeout_seconds: Seconds = 15.0
    fetches_max: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 64


class Server(Section):
    bind: Listener = Bind("127.0.0.1", 8000)
    workers: Annotated[int, Field(ge=1, le=256, strict=True)] = 2
    trusted_proxies: tuple[Cidr, ...] = (IPv4Network("127.0.0.1/32"),)
    explain_header: Truth = False


class Limits(Section):
    """Per network; ``requests_per_second`` 0 is off."""

    login_per_five_minutes: Whole = 300
    mail_per_hour: Whole = 5
    requests_per_second: Whole = 0


class Ops(Section):
    bind: Listener = Bind("127.0.0.1", 9464)
    access_log: Truth = True


class Policies(Section):
    """``label_lag_seconds``: how long a page is used that its own label could close by then."""

    folder: Folder = Path("policies")
    mode: Literal["enforce", "report"] = "enforce"
    label_lag_seconds: Annotated[float, Field(ge=0, le=60)] = 60.0


class Store(Section):
    url: StoreUrl = SecretStr("sqlite:///lychgate.db")


class Bus(Section):
    """Empty: news travels through the store."""

    url: BusUrl = SecretStr("")


class Cdn(Section):
    bypasses_our_cookie: Truth = False


class Templates(Section):
    """None: no overrides."""

    folder: FolderOrNone = None


class Keys(Section):
    """``cookie`` is newest first. Without ``purge``, nobody may purge."""

    cookie: Annotated[tuple[Key, ...], Field(min_length=1)]
    purge: Key | None = None


class Provider(Section):
    """``kind`` empty: told by the issuer. ``response_mode`` empty: ``form_post`` at Apple alone.

    Apple's secret is signed anew each time, from ``team_id``, ``key_id`` and ``private_key`` (PEM).
    The three URLs are those of a plain OAuth 2 provider that isn't at its usual place.
    """

    id: Identifier
    issuer: Issuer
    client_id: Text
    client_secret: Secret | None = None
    name: str = ""
    kind: Literal["", "openid", "github", "facebook"] = ""
    scopes: tuple[Text, ...] = ()
    response_mode: Literal["", "query", "form_post"] = ""
    team_id: str = ""
    key_id: str = ""
    private_key: SigningKey | None = None
    authorize_url: ApiBase = ""
    token_url: ApiBase = ""
    api_url: ApiBase = ""


class Login(Section):
    provider: tuple[Provider, ...] = ()


class Mail(Section):
    url: MailUrl
    sender: Sender


class Stripe(Section):
    """``api_base`` empty: Stripe's own. ``dropped_prices`` may vanish from the plans though somebody
    pays for them."""

    secret_key: Secret
    webhook_secrets: Annotated[tuple[Secret, ...], Field(min_length=1)]
    api_base: ApiBase = ""
    past_due_grace_days: Whole = 14
    renewal_slack_hours: Whole = 72
    unpaid: Literal["none", "access"] = "none"
    paused_collection: Literal["period", "none", "access"] = "period"
    full_refund: Literal["keep", "end"] = "keep"
    dispute_freezes: Truth = True
    automatic_tax: Truth = False
    promotion_codes: Truth = True
    dropped_prices: tuple[Text, ...] = ()
    portal_configuration: str = ""


class Plan(Section):
    """``name`` by language. ``offered`` empty: every price is on sale."""

    id: Identifier
    name: Annotated[dict[Language, Text], Field(min_length=1)]
    tiers: Annotated[tuple[Text, ...], Field(min_length=1)]
    prices: Annotated[tuple[Text, ...], Field(min_length=1)]
    offered: tuple[Text, ...] = ()
    trial_days: Whole = 0


class Newsroom(Section):
    readers: tuple[Person, ...] = ()


class Console(Section):
    """``four_eyes``: two people sign off a day."""

    providers: tuple[Identifier, ...] = ()
    finance: tuple[Person, ...] = ()
    support: tuple[Person, ...] = ()
    admins: tuple[Person, ...] = ()
    four_eyes: Truth = False


class Alerts(Section):
    """``webhook`` takes ``{"text": …}``, as Slack does."""

    mail: tuple[Address, ...] = ()
    webhook: Webhook | None = None


class Settings(Section):
    """All of ``lychgate.toml``. Sections that may be absent without a default are None."""

    site: Site
    origin: Origin = Origin()
    server: Server = Server()
    limits: Limits = Limits()
    ops: Ops = Ops()
    policies: Policies
    store: Store = Store()
    bus: Bus = Bus()
    cdn: Cdn = Cdn()
    templates: Templates = Templates()
    keys: Keys
    login: Login = Login()
    mail: Mail | None = None
    stripe: Stripe | None = None
    plan: tuple[Plan, ...] = ()
    newsroom: Newsroom = Newsroom()
    console: Console = Console()
    alerts: Alerts = Alerts()
