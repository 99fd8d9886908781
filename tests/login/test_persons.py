"""What is told of a person, by a token or by userinfo: some may be odd, none may deceive."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gateway.errors import LoginRefused
from gateway.login.checks import Refusal, check_userinfo, completed
from gateway.model.identity import Identity
from tests.login.claims import GONE, ISSUER, NOW, SUBJECTS, id_claims, read_id, refusal


def test_all_that_is_told_of_a_person() -> None:
    told = id_claims(
        email="Jane.Doe@News.Example",
        email_verified=True,
        name="Jane  Doe",
        locale="fr_FR",
        groups=["redaction", "Équipe"],
        sid="s-1",
    )
    assert read_id(told) == Identity(
        ISSUER,
        "248289761001",
        email="jane.doe@news.example",
        email_verified=True,
        name="Jane Doe",
        language="fr-FR",
        groups=("redaction", "Équipe"),
        session_id="s-1",
        issued_at=NOW - 5,
    )


@pytest.mark.parametrize("said", [True, "true"])
def test_a_verified_address(said: object) -> None:
    found = read_id(id_claims(email="a@news.example", email_verified=said))
    assert (found.email, found.email_verified, found.proved_email) == (
        "a@news.example",
        True,
        "a@news.example",
    )


@pytest.mark.parametrize("said", [GONE, None])
def test_an_address_that_nobody_spoke_for(said: object) -> None:
    found = read_id(id_claims(email="a@news.example", email_verified=said))
    assert (found.email, found.email_verified, found.proved_email) == ("a@news.example", False, "")


@pytest.mark.parametrize(
    "said", [False, "false", "", "True", "TRUE", "yes", "1", 1, 0, 1.0, [], [True], {}, math.nan]
)
def test_an_address_that_isnt_verified(said: object) -> None:
    claims = id_claims(email="a@news.example", email_verified=said)
    assert refusal(claims) == Refusal.UNVERIFIED_EMAIL


@pytest.mark.parametrize("email", [GONE, None, ""])
@pytest.mark.parametrize("verified", [GONE, True, False])
def test_without_an_address_nothing_is_verified(email: object, verified: object) -> None:
    found = read_id(id_claims(email=email, email_verified=verified))
    assert (found.email, found.email_verified) == ("", False)


@pytest.mark.parametrize(
    "email", [0, 1, True, False, ["a@news.example"], {"a@news.example": 1}, b"a@b.example", 1.5]
)
def test_an_address_is_a_string(email: object) -> None:
    assert refusal(id_claims(email=email, email_verified=True)) == Refusal.BAD_EMAIL


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Zoé d’Oursan"}, "Zoé d’Oursan"),
        ({"name": "  a \n b\t"}, "a b"),
        ({"name": "a\u202eb\u2066c\x00d\x1be\ud800"}, "abcde"),
        ({"name": "x" * 10_000}, "x" * 200),
        ({"name": " \u200b "}, ""),
        ({"name": 7, "given_name": "Jane"}, ""),
        ({"name": "", "given_name": "Jane", "family_name": "Doe"}, "Jane Doe"),
        ({"given_name": "Jane"}, "Jane"),
        ({"given_name": ["Jane"], "family_name": "Doe"}, "Doe"),
        ({"name": None}, ""),
        ({}, ""),
    ],
)
def test_names_are_one_plain_line(claims: dict[str, Any], name: str) -> None:
    assert read_id(id_claims(**claims)).name == name


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("fr", "fr"),
        ("en-GB", "en-GB"),
        ("pt_BR", "pt-BR"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("", ""),
        ("french", ""),
        ("fr\n", ""),
        ("../../etc", ""),
        ("fr-" + "x" * 50, ""),
        ({"language": "fr", "country": "FR"}, ""),
        (7, ""),
        (None, ""),
        ("ﬁ", ""),
    ],
)
def test_languages(locale: object, language: str) -> None:
    assert read_id(id_claims(locale=locale)).language == language


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        (["a", "b"], ("a", "b")),
        ([], ()),
        ("admins", ()),  # else each letter would be one
        (["a", 1], ()),
        (["a", None], ()),
        ([["a"]], ()),
        ([""], ()),
        (["a", "\ud800"], ()),  # no answer of ours could hold it
        (["a", "b\0"], ()),
        (["x" * 256], ()),
        (["a"] * 501, ()),
        ({"admins": True}, ()),
        (None, ()),
        (7, ()),
    ],
)
def test_groups_are_all_read_or_none(said: object, groups: tuple[str, ...]) -> None:
    assert read_id(id_claims(groups=said)).groups == groups


@pytest.mark.parametrize("sid", [GONE, *SUBJECTS])
def test_a_session_that_cant_be_named(sid: Any) -> None:
    assert read_id(id_claims(sid=sid)).session_id == ""


@pytest.mark.parametrize(
    "answer",
    [
        *(None, [], "", "x", 7, {}, {"Sub": "248289761001"}),
        *({"sub": sub} for sub in ("", None, "248289761002", ["248289761001"], 248289761001)),
        *({"sub": sub} for sub in ("248289761001 ", "248289761001\0", "\ud800")),
    ],
)
def test_userinfo_of_somebody_else(answer: object) -> None:
    with pytest.raises(LoginRefused) as caught:
        check_userinfo(answer, subject="248289761001")
    assert caught.value.reason == Refusal.FOREIGN_USERINFO


def test_userinfo_of_nobody() -> None:
    with pytest.raises(LoginRefused):
        check_userinfo({"sub": ""}, subject="")


def test_userinfo_of_the_reader() -> None:
    answer = {"sub": "248289761001", "email": "a@news.example"}
    assert check_userinfo(answer, subject="248289761001") == answer


def test_userinfo_completes_and_changes_nothing() -> None:
    told = {"email": "A@news.example", "email_verified": True, "name": "Jane", "groups": ["g"]}
    bare = Identity(ISSUER, "s", session_id="sid")
    full = Identity(ISSUER, "s", "a@news.example", True, "Jane", "", ("g",), "sid")
    assert completed(bare, told) == full
    assert completed(full, {"email": "evil@news.example", "name": "Evil", "groups": ["x"]}) == full
    # An address that the token left unproved isn't proved by a word on another one.
    unproved = Identity(ISSUER, "s", "a@news.example", False)
    other = {"email": "evil@news.example", "email_verified": True}
    assert completed(unproved, other).proved_email == ""
    assert completed(unproved, other).email == "a@news.example"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"email": "a@evil@company.com", "email_verified": True}, Refusal.BAD_EMAIL),
        ({"email": "a@news.example", "email_verified": False}, Refusal.UNVERIFIED_EMAIL),
    ],
)
def test_userinfo_is_held_to_the_same(told: dict[str, Any], reason: Refusal) -> None:
    with pytest.raises(LoginRefused) as caught:
        completed(Identity(ISSUER, "s"), told)
    assert caught.value.reason == reason
