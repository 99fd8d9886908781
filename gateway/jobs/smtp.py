"""Handing letters to the publisher's mail server. The door to aiosmtplib.

``smtp://`` turns to TLS where the server offers it, and must where it is given a password elsewhere
than on this machine; ``smtps://`` is TLS from the first byte.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from gateway.jobs.mail import ATTEMPT_SECONDS, Undelivered
from gateway.model.letter import Letter

ANSWER_SECONDS = 20.0
GOODBYE_SECONDS = 5.0
_PORTS = {"smtp": 25, "smtps": 465}
_LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Smtp:
    """Implements ``jobs.mail.Post``. ``url`` may hold a password."""

    url: str = field(repr=False)
    sender: str

    async def deliver(self, recipient: str, letter: Letter, *, key: str) -> None:
        """Each answer in its time, and all of them together."""
        try:
            await self._deliver(message(self.sender, recipient, letter, key=key))
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            raise Undelivered("recipient", for_good=all(code >= 500 for code in codes)) from None
        except aiosmtplib.SMTPResponseException as error:
            # 5xx of the whole is most often a setting of ours: it may be mended within the hour.
            raise Undelivered(f"{type(error).__name__} {error.code}", for_good=False) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Undelivered(type(error).__name__, for_good=False) from None

    async def _deliver(self, made: EmailMessage) -> None:
        parts = urlsplit(self.url)
        host = parts.hostname or "localhost"
        secret = unquote(parts.password) if parts.password else None
        over_tls = parts.scheme == "smtps"
        relay = aiosmtplib.SMTP(
            hostname=host,
            port=parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=secret,
            timeout=ANSWER_SECONDS,
            use_tls=over_tls,
            start_tls=True if secret and not over_tls and host not in _LOCAL else None,
            validate_certs=host not in _LOCAL,
        )
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await relay.connect()
                await relay.send_message(made)
            # It was taken: whatever becomes of the good-bye, it isn't mailed again.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await relay.quit(timeout=GOODBYE_SECONDS)
        finally:
            relay.close()


def message(sender: str, recipient: str, letter: Letter, *, key: str) -> EmailMessage:
    """As it travels: both parts, and the word that a program wrote it (RFC 3834, 5). ``key`` names it."""
    name, address = parseaddr(sender)
    made = EmailMessage()
    made["From"] = Address(name, addr_spec=address)
    made["To"] = Address(addr_spec=recipient)
    made["Subject"] = letter.subject
    made["Date"] = formatdate()
    made["Message-ID"] = f"<{key}@{address.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    return made
