"""Who is let in, and how whoever is not is answered."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.bad_credentials import ALLOWED, BadCredentials
from app.credentials import Credentials, TooManyBadCredentials
from app.user_tokens import BadTokenSettings, TokenRules, UserTokens
from database.ids import new_id
from database.pool import Database
from database.tables import ApiKeyRow
from rules import api_keys
from rules.words import Role, Scope, UserId
from tests.conftest import WorkspaceForTests
from tests.waiting import wait_until

ISSUER, AUDIENCE = "https://crm.example", "bothways"
PRIVATE = rsa.generate_private_key(65537, 2048)
PUBLIC_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
STRANGER = rsa.generate_private_key(65537, 2048)
RULES = TokenRules(ISSUER, AUDIENCE, "RS256", key=PUBLIC_PEM)


async def make_key(
    db: Database, workspace: WorkspaceForTests, scopes: list[Scope], user_id: UserId | None = None
) -> str:
    made = api_keys.made(os.urandom(api_keys.ENTROPY_BYTES))
    async with db.work(workspace.id) as work:
        work.add(
            ApiKeyRow(
                id=new_id(),
                workspace_id=workspace.id,
                user_id=user_id,
                name="tests",
                prefix=made.prefix,
                secret_hash=made.secret_hash,
                scopes=[scope.value for scope in scopes],
                created_at=work.now,
            )
        )
    return made.shown


@pytest.fixture
async def credentials(db: Database, redis_url: str) -> AsyncIterator[Credentials]:
    bad, tokens = BadCredentials(redis_url), UserTokens(RULES)
    yield Credentials(db, bad, tokens)
    await bad.close()
    await tokens.close()


def claims(workspace: WorkspaceForTests, **changed: Any) -> dict[str, Any]:
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "crm-user-1",
        "workspace": str(workspace.id),
        "exp": datetime.now(UTC) + timedelta(minutes=5),
    } | changed
    return {name: value for name, value in made.items() if value is not None}


def signed(said: dict[str, Any], key: Any = PRIVATE, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode(said, key, algorithm, headers=header)


def by_hand(header: dict[str, Any], said: dict[str, Any], secret: bytes | None) -> str:
    """A token that no honest library would write."""

    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    said = said | {"exp": int(said["exp"].timestamp())}
    body = part(header) + b"." + part(said)
    mark = hmac.digest(secret, body, hashlib.sha256) if secret else b""
    return (body + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


@given(entropy=st.binary(min_size=38, max_size=38), place=st.integers(3, 60), other=st.sampled_from("0aZ_é"))
def test_a_changed_or_cut_key_has_no_prefix(entropy: bytes, place: int, other: str) -> None:
    made = api_keys.made(entropy)
    assert api_keys.prefix_of(made.shown) == made.prefix
    changed = made.shown[:place] + other + made.shown[place + 1 :]
    assert changed == made.shown or api_keys.prefix_of(changed) is None
    assert api_keys.prefix_of(made.shown[:place]) is None


@pytest.mark.rule("R3")
async def test_a_key_is_its_holder_and_only_its_hash_is_stored(
    db: Database, credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    shown = await make_key(db, workspace, [Scope.READ, Scope.SEND], workspace.user_id)
    viewer = await credentials.viewer_of(shown, "192.0.2.1")
    assert viewer is not None
    assert (viewer.workspace_id, viewer.user_id, viewer.role) == (workspace.id, workspace.user_id, Role.ADMIN)
    assert viewer.scopes == {Scope.READ, Scope.SEND}
    row = await db.fetchrow(workspace.id, "select * from api_keys")
    assert row is not None
    secret = shown.split("_")[2]
    assert all(secret not in str(value) for value in row.values())
    assert row["secret_hash"] == hashlib.sha256(shown.encode()).digest()


@pytest.mark.rule("R3")
async def test_a_revoked_key_ends_within_five_seconds(
    db: Database, credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    shown = await make_key(db, workspace, [Scope.READ])
    viewer = await credentials.viewer_of(shown, "192.0.2.1")
    assert viewer is not None
    assert await credentials.still_valid([viewer]) == [True]
    async with db.work(workspace.id) as work:
        await work.execute(text("update api_keys set revoked_at = now()"))

    async def refused() -> bool:
        return await credentials.viewer_of(shown, "192.0.2.1") is None

    await wait_until(refused, description="the revoked key is refused", seconds=5)
    assert await credentials.still_valid([viewer]) == [False]


async def test_a_suspended_user_is_nobody_by_key_and_by_token(
    db: Database, credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    shown = await make_key(db, workspace, [Scope.READ], workspace.user_id)
    async with db.work(workspace.id) as work:
        await work.execute(text("update users set suspended_at = now()"))
    assert await credentials.viewer_of(shown, "192.0.2.1") is None
    assert await credentials.viewer_of(signed(claims(workspace)), "192.0.2.1") is None


async def test_a_members_key_never_governs(
    db: Database, credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    async with db.work(workspace.id) as work:
        await work.execute(text("update users set role = 'MEMBER'"))
    shown = await make_key(db, workspace, [Scope.READ, Scope.ADMIN], workspace.user_id)
    viewer = await credentials.viewer_of(shown, "192.0.2.1")
    assert viewer is not None
    assert viewer.scopes == {Scope.READ}


async def test_a_token_is_its_user_until_it_ends(
    credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    viewer = await credentials.viewer_of(signed(claims(workspace, exp=ends)), "192.0.2.1")
    assert viewer is not None
    assert (viewer.user_id, viewer.api_key_id, viewer.valid_until) == (workspace.user_id, None, ends)
    assert viewer.scopes == {Scope.READ, Scope.SEND, Scope.ADMIN}
    lesser = await credentials.viewer_of(signed(claims(workspace, role="MEMBER")), "192.0.2.1")
    assert lesser is not None
    assert lesser.role is Role.MEMBER
    assert lesser.scopes == {Scope.READ, Scope.SEND}


async def test_an_invited_user_is_known_by_the_crms_id_from_the_first_token_on(
    db: Database, credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    async with db.work(workspace.id) as work:
        await work.execute(text("update users set subject = null"))
    assert await credentials.viewer_of(signed(claims(workspace, sub="crm-9")), "192.0.2.1") is None
    first = await credentials.viewer_of(
        signed(claims(workspace, sub="crm-9", email="Ada@Okafor.example")), "192.0.2.1"
    )
    assert first is not None
    assert await db.fetchval(workspace.id, "select subject from users") == "crm-9"
    impostor = signed(claims(workspace, sub="crm-10", email="ada@okafor.example"))
    assert await credentials.viewer_of(impostor, "192.0.2.1") is None


@pytest.mark.rule("R4")
async def test_ten_attacks_on_tokens_are_refused(
    credentials: Credentials, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    good = claims(workspace)
    minute = timedelta(minutes=1)
    stranger_pem = STRANGER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    attacks = {
        "alg none": by_hand({"alg": "none", "typ": "JWT"}, good, None),
        "HS256 signed with the RSA public key": by_hand({"alg": "HS256"}, good, PUBLIC_PEM.encode()),
        "another audience": signed(good | {"aud": "another"}),
        "another issuer": signed(good | {"iss": "https://evil.example"}),
        "expired": signed(good | {"exp": datetime.now(UTC) - minute}),
        "not yet valid": signed(good | {"nbf": datetime.now(UTC) + minute}),
        "unknown crit": signed(good, crit=["exp"]),
        "a key address of its own": signed(good, STRANGER, jku="https://evil.example/keys"),
        "a key address, well signed": signed(good, jku="https://evil.example/keys"),
        "a path as key id": signed(good, kid="../../etc/passwd"),
        "a stranger's key": signed(good, stranger_pem),
        "no end": signed({name: value for name, value in good.items() if name != "exp"}),
        "no subject": signed({name: value for name, value in good.items() if name != "sub"}),
        "no workspace": signed({name: value for name, value in good.items() if name != "workspace"}),
        "workspace without that user": signed(good | {"workspace": str(new_id())}),
        "workspace that is no id": signed(good | {"workspace": "' or 1=1"}),
        "subject that is a list": by_hand({"alg": "RS256"}, good | {"sub": ["crm-user-1"]}, None),
        "signature cut off": signed(good).rpartition(".")[0] + ".",
        "not a token": "a.b.c",
        "very long": "a" * 100_000,
    }
    for number, (name, token) in enumerate(attacks.items()):
        assert await credentials.viewer_of(token, f"198.51.100.{number}") is None, name
    assert await credentials.viewer_of(signed(good), "192.0.2.1") is not None


@pytest.mark.parametrize(
    "rules",
    [
        TokenRules(ISSUER, AUDIENCE, "none", key=PUBLIC_PEM),
        TokenRules(ISSUER, AUDIENCE, "RS256"),
        TokenRules(ISSUER, AUDIENCE, "RS256", key=PUBLIC_PEM, jwks_url="https://crm.example/keys"),
        TokenRules(ISSUER, AUDIENCE, "RS256", jwks_url="http://crm.example/keys"),
        TokenRules(ISSUER, AUDIENCE, "HS256", key="short"),
        TokenRules(ISSUER, AUDIENCE, "ES256", key=PUBLIC_PEM),
        TokenRules(ISSUER, "", "RS256", key=PUBLIC_PEM),
    ],
)
def test_rules_that_would_let_anybody_in_are_refused(rules: TokenRules) -> None:
    with pytest.raises(BadTokenSettings):
        UserTokens(rules)


async def test_es256_and_hs256_hold_where_configured(workspace: WorkspaceForTests) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    secret = "a-shared-secret-of-more-than-32-bytes"
    for algorithm, key, configured in (("ES256", private, pem), ("HS256", secret, secret)):
        tokens = UserTokens(TokenRules(ISSUER, AUDIENCE, algorithm, key=configured))
        said = await tokens.read(signed(claims(workspace), key, algorithm))
        assert said is not None
        assert said.workspace_id == UUID(str(workspace.id))
        assert await tokens.read(signed(claims(workspace))) is None
        await tokens.close()


@pytest.mark.rule("R5")
@pytest.mark.parametrize("with_redis", [True, False])
async def test_from_the_eleventh_bad_credential_on_one_waits(
    db: Database, redis_url: str, workspace: WorkspaceForTests, with_redis: bool
) -> None:
    """Without Redis the counts are this process's own. A good credential passes from the same address."""
    unreachable = "redis://127.0.0.1:1/0"
    bad = BadCredentials(redis_url if with_redis else unreachable)
    credentials = Credentials(db, bad)
    good = await make_key(db, workspace, [Scope.READ])
    for number in range(100):
        guessed = api_keys.made(os.urandom(38)).shown
        if number < ALLOWED:
            assert await credentials.viewer_of(guessed, "203.0.113.5") is None
            continue
        with pytest.raises(TooManyBadCredentials) as refused:
            await credentials.viewer_of(guessed, "203.0.113.5")
        assert 0 < (refused.value.extensions or {})["retry_after_seconds"] <= 60
    assert await credentials.viewer_of(good, "203.0.113.5") is not None
    assert await credentials.viewer_of(api_keys.made(os.urandom(38)).shown, "203.0.113.6") is None
    await bad.close()


@pytest.mark.rule("R5")
async def test_guesses_at_one_prefix_are_counted_wherever_they_come_from(
    db: Database, redis_url: str, workspace: WorkspaceForTests
) -> None:
    """Two processes share the count."""
    prefix = (await make_key(db, workspace, [Scope.READ])).split("_")[1]
    counters = [BadCredentials(redis_url), BadCredentials(redis_url)]
    refused = 0
    for number in range(20):
        credentials = Credentials(db, counters[number % 2])
        try:
            await credentials.viewer_of(f"bw_{prefix}_{number:049d}", f"2001:db8:{number}::1")
        except TooManyBadCredentials:
            refused += 1
    assert refused == 20 - ALLOWED
    for counter in counters:
        await counter.close()


async def test_only_one_bearer_header_counts(
    db: Database, credentials: Credentials, workspace: WorkspaceForTests
) -> None:
    shown = (await make_key(db, workspace, [Scope.READ])).encode()
    client = ("192.0.2.9", 1)

    async def viewer_id(*headers: tuple[bytes, bytes]) -> object:
        return await credentials.authenticate({"headers": list(headers), "client": client})

    bearer = (b"authorization", b"Bearer " + shown)
    assert await viewer_id(bearer) is not None
    assert await viewer_id(bearer, bearer) is None
    assert await viewer_id((b"authorization", b"Basic " + shown)) is None
    assert await viewer_id((b"cookie", b"token=" + shown)) is None
    assert await viewer_id() is None
