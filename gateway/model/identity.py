"""What a way to log in proved of a person."""

from __future__ import annotations

from dataclasses import dataclass

MAIL_ISSUER = "mail"  # the issuer of identities that a mailed link proved


@dataclass(frozen=True, slots=True)
class Identity:
    """``issuer`` and ``subject`` together name one person for ever; nothing else does.

    ``email`` is lower-case and may be empty. ``session_id`` is the provider's own name of its
    session (``sid``), by which it may end ours. ``issued_at``: when it said all this, by its own clock;
    0 where it doesn't say.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    language: str = ""
    groups: tuple[str, ...] = ()
    session_id: str = ""
    issued_at: float = 0.0

    @property
    def proved_email(self) -> str:
        """The address, where it is verified."""
        return self.email if self.email_verified else ""
