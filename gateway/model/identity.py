"""What a way to log in proved of a person."""

from __future__ import annotations

from dataclasses import dataclass

MAIL_ISSUER = "mail"  # the issuer of identities that a mailed link proved


@dataclass(frozen=True, slots=True)
class Identity:
    """``issuer`` and ``subject`` together name one person for ever; nothing else does.

    ``email`` is lower-case and may be empty. ``session_id`` is the provider's own name of its
    session (``sid``), by which it may end ours.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    language: str = ""
    groups: tuple[str, ...] = ()
    session_id: str = ""

    @property
    def proved_email(self) -> str:
        """The address, where it is verified."""
        return self.email if self.email_verified else ""
