"""A provider's keys turn, vanish and are asked for by floods, through the whole gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.login.checks import Refusal
from gateway.login.keys import LIFETIME_SECONDS, STALE_SECONDS, THROTTLE_SECONDS
from tests.hostile.forging import Published
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import SOUND, Manner
from tests.login.claims import GONE

START = "/-/login/idp?return_to=/members/story"
UNKNOWN = Manner(signed="stray", header={"kid": "made-up"})


async def tries(inside: Lodge, manner: Manner = SOUND) -> int:
    """Log in with a new browser; the status."""
    inside.provider.manner = manner
    return (await inside.browser().go(START)).status_code


@pytest.mark.anyio
async def test_a_flood_of_unknown_keys_fetches_once_in_ten_seconds(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        assert await tries(inside) == 200
        assert inside.provider.times("/keys") == 1
        for _ in range(3):
            inside.clock.pass_time(THROTTLE_SECONDS)
            before = inside.provider.times("/keys")
            statuses = await asyncio.gather(*(tries(inside, UNKNOWN) for _ in range(15)))
            assert set(statuses) == {400}
            assert inside.provider.times("/keys") == before + 1
        assert set(inside.reasons()) == {Refusal.BAD_SIGNATURE}
        # Meanwhile whoever the provider really vouches for gets in.
        assert await tries(inside) == 200


@pytest.mark.anyio
async def test_logout_tokens_are_part_of_the_flood(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        inside.clock.pass_time(THROTTLE_SECONDS)
        token = inside.provider.logout_token(signed="stray", header={"kid": "made-up"})
        sender = inside.browser()
        for _ in range(10):
            answer = await sender.post(
                "/-/login/idp/backchannel-logout", {"logout_token": token}, from_site=None
            )
            assert answer.status_code == 400
        assert inside.provider.times("/keys") == 2


@pytest.mark.anyio
@pytest.mark.parametrize("kid", ["k1", "k2", None])
async def test_a_key_turns_without_a_restart(kid: str | None, tmp_path: Path) -> None:
    """Under its old name, under a new one, and under none."""
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        inside.clock.pass_time(THROTTLE_SECONDS)
        inside.provider.rotate("second", kid=kid)
        await inside.logged_in()
        assert inside.provider.times("/keys") == 2
        # What the old key signs is believed no more.
        old = Manner(signed="stray", header={"kid": "k1"})
        assert await tries(inside, old) == 400


@pytest.mark.anyio
async def test_all_who_log_in_while_a_key_turns_get_in(tmp_path: Path) -> None:
    """One of them fetches, and the others find what it found."""
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        inside.clock.pass_time(THROTTLE_SECONDS)
        inside.provider.rotate("second", kid="k1")
        assert await asyncio.gather(*(tries(inside) for _ in range(8))) == [200] * 8
        assert inside.provider.times("/keys") == 2


@pytest.mark.anyio
async def test_a_key_is_known_by_its_name(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        idp = inside.provider
        idp.published = [*idp.published, Published(key="second", kid="k2")]
        assert await tries(inside, Manner(header={"kid": "k2"})) == 400
        assert inside.reasons() == [Refusal.BAD_SIGNATURE]
        assert await tries(inside) == 200


@pytest.mark.anyio
async def test_a_key_that_turns_during_a_flood(tmp_path: Path) -> None:
    """The one fetch in ten seconds is spent: its reader waits them out, and no longer."""
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        inside.clock.pass_time(THROTTLE_SECONDS)
        assert await tries(inside, UNKNOWN) == 400
        inside.provider.rotate("second", kid="k2")
        assert await tries(inside) == 400
        inside.clock.pass_time(THROTTLE_SECONDS)
        assert await tries(inside) == 200


@pytest.mark.anyio
async def test_two_keys_overlap(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        idp = inside.provider
        second = Published(key="second", kid="k2")
        idp.published = [*idp.published, second]
        assert await tries(inside) == 200
        idp.signs_with = second
        assert await tries(inside) == 200
        assert idp.times("/keys") == 1


@pytest.mark.anyio
async def test_a_withdrawn_key_is_forgotten_in_ten_minutes(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        assert await tries(inside) == 200
        inside.provider.published = [Published(key="second", kid="k2")]
        inside.clock.pass_time(LIFETIME_SECONDS)
        assert await tries(inside) == 400
        assert inside.reasons() == [Refusal.BAD_SIGNATURE]


@pytest.mark.anyio
async def test_metadata_that_moves_is_followed(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        idp = inside.provider
        assert await tries(inside) == 200
        idp.server.pages["/token2"] = idp.server.pages.pop("/token")
        idp.metadata = {"token_endpoint": f"{idp.address}/token2"}
        inside.clock.pass_time(LIFETIME_SECONDS)
        assert await tries(inside) == 200


@pytest.mark.anyio
async def test_a_provider_that_is_away_for_a_while_is_taken_at_its_last_word(
    tmp_path: Path,
) -> None:
    """Only what it publishes is kept; without its token endpoint nobody logs in."""
    async with lodge(tmp_path) as inside:
        idp = inside.provider
        assert await tries(inside) == 200
        for path in ("/keys", "/.well-known/openid-configuration"):
            idp.server.pages.pop(path)
        inside.clock.pass_time(LIFETIME_SECONDS + 1)
        assert await tries(inside) == 200
        inside.clock.pass_time(STALE_SECONDS)
        assert await tries(inside) == 503


@pytest.mark.anyio
@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"keys": []},
        {"keys": None},
        {"keys": "all"},
        {"keys": [None, 7, [], {}]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]},
        {"keys": [{"kty": "RSA", "kid": "k1", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "kid": "k1"}]},
        {"keys": [{"kty": "RSA", "kid": ["k1"], "n": 7, "e": {}}]},
    ],
)
async def test_keys_that_make_no_sense(spoilt: dict[str, object], tmp_path: Path) -> None:
    import json

    from tests.ways.house import Page

    async with lodge(tmp_path) as inside:
        body = json.dumps(spoilt).encode()
        inside.provider.server.pages["/keys"] = Page(body, "application/json")
        assert await tries(inside) in (400, 503)
        assert await tries(inside, Manner(signed="HS256")) in (400, 503)
        assert await tries(inside, Manner(signed="none", header={"kid": GONE})) in (400, 503)
