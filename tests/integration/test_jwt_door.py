"""Who is let in by a token, with a real identity provider on loopback: every way to forge one, and its bad days."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import Request

from api import signing_keys
from api.jwt_door import JwtDoor
from api.principal import Principal, Scope
from api.signing_keys import SigningKeys
from cli.ports import free_port
from core.errors import ConfigurationError, SigningKeysUnavailable, Unauthenticated
from tests.harness.identity_provider import (
    AUDIENCE,
    ISSUER,
    IdentityProvider,
    SigningKey,
    encoded,
    identity_provider,
)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with identity_provider() as running:
        yield running


def request(token: str | None) -> Request:
    headers = [(b"authorization", f"Bearer {token}".encode("latin-1"))] if token is not None else []
    return Request({"type": "http", "headers": headers})


def door(provider: IdentityProvider, **settings: str) -> JwtDoor:
    given = {"issuer": ISSUER, "audience": AUDIENCE} | settings
    return JwtDoor(SigningKeys(provider.url), **given)


def enter(provider: IdentityProvider, token: str | None, **settings: str) -> Principal:
    return asyncio.run(door(provider, **settings).principal(request(token)))


def refusal(provider: IdentityProvider, token: str | None, **settings: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        enter(provider, token, **settings)
    return refused.value.detail


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "ES256", "EdDSA"])
def test_a_token_opens_to_its_tenant_with_its_scopes(provider: IdentityProvider, algorithm: str) -> None:
    provider.keys = [SigningKey.make("other"), SigningKey.make("k", algorithm)]
    token = provider.token(provider.keys[1])
    assert enter(provider, token) == Principal(
        tenant="acme", name="sub:ann", scopes=frozenset({Scope.SUBMIT, Scope.READ})
    )


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "admin"}, {Scope.ADMIN}),
        ({"scope": None, "scp": ["read", "admin", "profile"]}, {Scope.READ, Scope.ADMIN}),
        ({"scope": None, "scp": "submit read"}, {Scope.SUBMIT, Scope.READ}),
        ({"scope": None}, set()),
        ({"scope": ""}, set()),
        ({"scope": "administrator readers"}, set()),
        ({"scope": 7}, set()),
        ({"scope": ["read", 7, {}]}, {Scope.READ}),
        ({"scope": "read", "scp": ["admin"]}, {Scope.READ}),
    ],
)
def test_scopes_are_those_of_the_token_that_we_know(
    provider: IdentityProvider, claims: dict[str, Any], scopes: set[Scope]
) -> None:
    assert enter(provider, provider.token(**claims)).scopes == scopes


def test_the_audience_may_be_one_of_several(provider: IdentityProvider) -> None:
    assert enter(provider, provider.token(aud=["mail", AUDIENCE])).tenant == "acme"


def test_the_tenant_is_the_claim_that_the_settings_name_and_no_other(provider: IdentityProvider) -> None:
    assert enter(provider, provider.token(org="umbrella"), tenant_claim="org").tenant == "umbrella"
    assert enter(provider, provider.token(sub="bob"), tenant_claim="sub").tenant == "bob"
    assert "'org'" in refusal(provider, provider.token(), tenant_claim="org")


@pytest.mark.parametrize("tenant", [None, "", " ", "a b", "x" * 129, 7, ["acme"], {"id": "acme"}, "ünder", "a\n"])
def test_a_token_of_no_tenant_is_refused(provider: IdentityProvider, tenant: object) -> None:
    assert "'tenant'" in refusal(provider, provider.token(tenant=tenant))


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"nbf": int(time.time()) + 86_400}, "not yet valid"),
        ({"iat": int(time.time()) + 86_400}, "not yet valid"),
        ({"aud": "mail"}, "Audience"),
        ({"aud": None}, "aud"),
        ({"aud": f"{AUDIENCE}-2"}, "Audience"),
        ({"iss": "https://identity.example.evil"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "'sub'"),
    ],
)
def test_a_token_of_another_time_audience_or_issuer_is_refused(
    provider: IdentityProvider, claims: dict[str, Any], said: str
) -> None:
    assert said in refusal(provider, provider.token(**claims))


def test_clocks_may_differ_a_little(provider: IdentityProvider) -> None:
    now = int(time.time())
    assert enter(provider, provider.token(exp=now - 3)).tenant == "acme"
    assert enter(provider, provider.token(nbf=now + 5, iat=now + 5)).tenant == "acme"


def test_alg_none_is_refused(provider: IdentityProvider) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        head = {"alg": algorithm, "typ": "JWT", "kid": "first"}
        for signature in ("", encoded(b"x" * 64)):
            refusal(provider, f"{encoded(head)}.{encoded(provider.claims())}.{signature}")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(provider: IdentityProvider, algorithm: str) -> None:
    provider.keys = [SigningKey.make("first", algorithm)]
    public = provider.keys[0].private.public_key()
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{encoded(provider.claims())}"
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ):
        signature = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        refusal(provider, f"{text}.{encoded(signature)}")


def test_a_secret_among_the_published_keys_is_no_key(provider: IdentityProvider) -> None:
    secret = b"s" * 32
    provider.extra = [{"kty": "oct", "k": encoded(secret), "kid": "shared", "alg": "HS256"}]
    token = jwt.encode(provider.claims(), secret, "HS256", headers={"kid": "shared"})
    assert "doesn't publish" in refusal(provider, token)


def test_a_token_of_a_stranger_is_refused(provider: IdentityProvider) -> None:
    assert "doesn't publish" in refusal(provider, provider.token(SigningKey.make("strange")))
    assert "Signature" in refusal(provider, provider.token(SigningKey.make("first")))


def test_a_token_names_neither_its_key_nor_where_it_is(provider: IdentityProvider) -> None:
    stranger = SigningKey.make("first")
    with identity_provider() as other:
        other.keys = [stranger]
        for head in ({"jku": other.url}, {"jwk": stranger.jwk}, {"x5u": other.url}):
            token = jwt.encode(
                provider.claims(),
                stranger.private,
                "ES256",
                headers={"kid": "first", **head},
            )
            refusal(provider, token)
        assert other.fetches == 0


def test_another_algorithm_of_the_same_key_is_refused(provider: IdentityProvider) -> None:
    provider.keys = [SigningKey.make("first", "RS256")]
    key = provider.keys[0]
    token = jwt.encode(provider.claims(), key.private, "PS256", headers={"kid": "first"})
    assert "alg" in refusal(provider, token)


def test_a_token_that_was_changed_is_refused(provider: IdentityProvider) -> None:
    head, _, signature = provider.token().split(".")
    refusal(provider, f"{head}.{encoded(provider.claims(tenant='umbrella'))}.{signature}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        " ",
        "x",
        "a.b",
        "a.b.c",
        "..",
        "...",
        "é.é.é",
        f"{encoded([])}.{encoded({})}.",
        f"{encoded({'alg': 'ES256'})}.{encoded({})}.",
        f"{encoded({'alg': 'ES256', 'kid': 7})}.{encoded({})}.",
        f"{encoded({'alg': 'ES256', 'kid': 'first'})}.{encoded([])}.",
        f"{encoded({'alg': 'ES256', 'kid': 'first', 'crit': ['x']})}.{encoded({})}.",
        f"{encoded(b'[' * 5000)}.{encoded({})}.",
        "x" * 100_000,
    ],
)
def test_what_is_no_token_is_refused(provider: IdentityProvider, token: str) -> None:
    refusal(provider, token)


def test_no_token_is_told_how_to_send_one(provider: IdentityProvider) -> None:
    assert "Authorization: Bearer" in refusal(provider, None)


def test_a_token_of_many_bytes_is_not_even_looked_at(provider: IdentityProvider) -> None:
    assert "bytes" in refusal(provider, provider.token(padding="x" * 8192))
    assert provider.fetches == 0


# The provider's good and bad days


def opened(provider: IdentityProvider, scenario: Callable[[JwtDoor], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        await scenario(door(provider))

    asyncio.run(run())


async def is_refused(door: JwtDoor, token: str) -> bool:
    try:
        await door.principal(request(token))
    except Unauthenticated:
        return True
    return False


def test_a_thousand_tokens_at_once_make_for_one_fetch(provider: IdentityProvider) -> None:
    provider.delay_seconds = 0.1

    async def scenario(door: JwtDoor) -> None:
        tokens = [provider.token(sub=f"user-{number % 50}") for number in range(1000)]
        principals = await asyncio.gather(*(door.principal(request(token)) for token in tokens))
        assert {principal.name for principal in principals} == {f"sub:user-{number}" for number in range(50)}
        assert provider.fetches == 1

    opened(provider, scenario)


def test_the_loop_goes_on_while_keys_are_fetched(provider: IdentityProvider) -> None:
    provider.delay_seconds = 0.5

    async def scenario(door: JwtDoor) -> None:
        entering = asyncio.create_task(door.principal(request(provider.token())))
        longest = 0.0
        while not entering.done():
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)
        assert longest < 0.25
        assert (await entering).tenant == "acme"

    opened(provider, scenario)


def test_invented_key_ids_make_for_no_more_fetches(provider: IdentityProvider) -> None:
    async def scenario(door: JwtDoor) -> None:
        await door.principal(request(provider.token()))
        stranger = SigningKey.make("first")
        for number in range(50):
            token = provider.token(SigningKey(f"kid-{number}", "ES256", stranger.private))
            assert await is_refused(door, token)
        assert provider.fetches == 1

    opened(provider, scenario)


def test_a_new_key_is_fetched_when_a_token_names_it(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "_UNKNOWN_SECONDS", 0.2)

    async def scenario(door: JwtDoor) -> None:
        await door.principal(request(provider.token()))
        provider.keys.append(SigningKey.make("second"))
        await asyncio.sleep(0.25)
        assert (await door.principal(request(provider.token(provider.keys[1])))).tenant == "acme"
        assert provider.fetches == 2

    opened(provider, scenario)


def test_a_withdrawn_key_is_refused_with_the_next_fetch_also_for_tokens_seen_before(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "_FRESH_SECONDS", 0.2)
    monkeypatch.setattr(signing_keys, "_UNKNOWN_SECONDS", 0.1)

    async def scenario(door: JwtDoor) -> None:
        withdrawn = provider.token()
        await door.principal(request(withdrawn))
        provider.keys = [SigningKey.make("second")]
        deadline = time.monotonic() + 5
        while not await is_refused(door, withdrawn):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    opened(provider, scenario)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (404, None),
        (302, None),
        (200, b"<h1>Sign in</h1>"),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]}'),
        (200, b"\xff\xfe"),
    ],
)
def test_a_provider_that_answers_with_no_keys_is_a_503_until_it_does(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes | None
) -> None:
    monkeypatch.setattr(signing_keys, "_AGAIN_SECONDS", 0.0)
    provider.status, provider.body = status, body

    async def scenario(door: JwtDoor) -> None:
        with pytest.raises(SigningKeysUnavailable):
            await door.principal(request(provider.token()))
        provider.status, provider.body = 200, None
        assert (await door.principal(request(provider.token()))).tenant == "acme"

    opened(provider, scenario)


def test_a_provider_that_is_away_is_not_asked_by_every_request(provider: IdentityProvider) -> None:
    provider.status = 500

    async def scenario(door: JwtDoor) -> None:
        for _ in range(20):
            with pytest.raises(SigningKeysUnavailable):
                await door.principal(request(provider.token()))
        assert provider.fetches == 1

    opened(provider, scenario)


def test_a_provider_that_nobody_reaches_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    away = IdentityProvider(url=f"http://127.0.0.1:{free_port()}/jwks.json")
    with pytest.raises(SigningKeysUnavailable):
        enter(away, away.token())


def test_keys_that_were_fetched_outlast_the_provider(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "_FRESH_SECONDS", 0.1)
    monkeypatch.setattr(signing_keys, "_UNKNOWN_SECONDS", 0.1)

    async def scenario(door: JwtDoor) -> None:
        await door.principal(request(provider.token()))
        provider.status = 500
        for number in range(5):
            await asyncio.sleep(0.1)
            assert (await door.principal(request(provider.token(sub=f"user-{number}")))).tenant == "acme"
        assert provider.fetches > 1

    opened(provider, scenario)


def test_a_token_that_was_checked_is_refused_when_it_expires(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jwt_door._LEEWAY_SECONDS", 0)

    async def scenario(door: JwtDoor) -> None:
        token = provider.token(exp=int(time.time()) + 2)
        await door.principal(request(token))
        await asyncio.sleep(2.1)
        assert await is_refused(door, token)

    opened(provider, scenario)


def test_a_checked_token_costs_microseconds_and_memory_has_a_bound(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jwt_door._MAX_CACHED", 10)

    async def scenario(door: JwtDoor) -> None:
        sent = request(provider.token())
        await door.principal(sent)
        fastest = 1.0
        for _ in range(20):
            began = time.perf_counter()
            for _ in range(200):
                await door.principal(sent)
            fastest = min(fastest, (time.perf_counter() - began) / 200)
        assert fastest < 50e-6
        for number in range(35):
            await door.principal(request(provider.token(sub=f"user-{number}")))
        assert len(door._checked) <= 10  # noqa: SLF001 - what fills memory is this

    opened(provider, scenario)


@pytest.mark.parametrize("url", ["", "identity.example/jwks.json", "file:///etc/passwd", "ftp://identity.example/keys"])
def test_an_address_that_is_none_ends_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="JWT_JWKS_URL"):
        SigningKeys(url)
