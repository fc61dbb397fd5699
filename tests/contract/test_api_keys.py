"""API keys on the real servers: what is stored of them, what can be changed, and what a gateway hears of it."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from redis.asyncio.client import Pipeline

from api.api_keys import ApiKey, ApiKeyStore, KeyLimits, key_id_of
from api.principal import Scope
from core.errors import StoreUnavailable, UnknownKey
from core.keys import Keys
from core.redis_clients import connect, connect_async
from tests.harness.traces import traces

T = TypeVar("T")
SOON = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
ALL = KeyLimits(
    weight=2.5,
    submit_rate="100/minute",
    read_rate="9/second",
    expires_at=SOON,
    webhook_url="https://key.example/hook",
    retention_hours=0.1,
    sensitivity="secret",
)


class Store:
    """The store over one real server, made synchronous."""

    def __init__(self, url: str, keys: Keys, runner: asyncio.Runner) -> None:
        self.url, self.keys, self.runner = url, keys, runner
        self.client = connect(url)

    def __call__(self, call: Callable[[ApiKeyStore], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            client = connect_async(self.url)
            try:
                return await call(ApiKeyStore(client, self.keys))
            finally:
                await client.aclose()

        return self.runner.run(run())

    def create(self, name: str = "shop", limits: KeyLimits | None = None) -> tuple[ApiKey, str]:
        return self(
            lambda keys: keys.create(name=name, tenant="acme", scopes=[Scope.READ, Scope.SUBMIT], limits=limits)
        )

    def changed(self, after: int) -> tuple[int, list[str]]:
        number, keys = self(lambda keys: keys.changed(after))
        return number, [key.key_id for key in keys]


@pytest.fixture(params=["valkey", "redis"])
def store(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Store]:
    with asyncio.Runner() as runner:
        yield Store(request.getfixturevalue(f"{request.param}_url"), keys, runner)


def test_a_key_is_read_as_it_was_made(store: Store) -> None:
    key, token = store.create(limits=ALL)
    assert re.fullmatch(r"scr_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", token)
    assert key_id_of(token.encode()) == key.key_id
    assert (key.name, key.tenant, key.scopes, key.limits) == (
        "shop",
        "acme",
        frozenset({Scope.READ, Scope.SUBMIT}),
        ALL,
    )
    assert (key.revoked_at, key.last_used_at) == (None, None)
    assert store(lambda keys: keys.get(key.key_id)) == key
    bare, _ = store.create()
    assert store(lambda keys: keys.get(bare.key_id)).limits == KeyLimits()


def test_of_a_key_only_its_hash_is_stored(store: Store) -> None:
    key, token = store.create()
    _, _, secret = token.split("_", 2)
    held = [str(store.client.hgetall(name)) for name in store.client.scan_iter(f"{store.keys.prefix}api-key:*")]
    assert len(held) == 1
    assert hashlib.sha256(token.encode()).hexdigest() in held[0]
    assert secret not in held[0]
    assert secret not in repr(key)
    assert key.sha256 not in repr(key)


def test_no_two_keys_are_alike(store: Store) -> None:
    made = [store.create() for _ in range(20)]
    assert len({key.key_id for key, _ in made}) == len({token[-43:] for _, token in made}) == 20


def test_an_id_that_is_taken_is_not_given_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = store.create("first")
    ids = iter([first.key_id, "b" * 16])
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: next(ids))
    second, _ = store.create("second")
    assert second.key_id == "b" * 16
    assert store(lambda keys: keys.get(first.key_id)).name == "first"


def test_an_unknown_key_can_be_neither_read_nor_limited_nor_revoked(store: Store) -> None:
    for act in (
        lambda keys: keys.get("f" * 16),
        lambda keys: keys.limit("f" * 16, ALL),
        lambda keys: keys.change("f" * 16, ALL, ["weight"]),
        lambda keys: keys.revoke("f" * 16),
    ):
        with pytest.raises(UnknownKey):
            store(act)
    assert list(store.client.scan_iter(f"{store.keys.prefix}*")) == []


@pytest.mark.parametrize(
    "name", ["weight", "submit_rate", "expires_at", "webhook_url", "retention_hours", "sensitivity"]
)
def test_a_limit_is_changed_or_taken_away_alone(store: Store, name: str) -> None:
    key, _ = store.create(limits=ALL)
    bare = KeyLimits()
    changed = store(lambda keys: keys.change(key.key_id, bare, [name]))
    assert changed.limits == replace(ALL, **{name: getattr(bare, name)})
    assert store(lambda keys: keys.change(key.key_id, ALL, [name])).limits == ALL
    number, _ = store.changed(0)
    store(lambda keys: keys.change(key.key_id, bare, []))
    assert store.changed(number) == (number, [])


def test_a_key_from_before_there_were_such_limits_has_none(store: Store) -> None:
    key, _ = store.create(limits=ALL)
    store.client.hdel(store.keys.api_key(key.key_id), "webhook_url", "retention_hours", "sensitivity")
    former = store(lambda keys: keys.get(key.key_id)).limits
    assert (former.webhook_url, former.retention_hours, former.sensitivity) == (None, None, None)


def test_the_keys_of_an_erased_tenant_are_heard_of_as_revoked_and_nameless(store: Store) -> None:
    key, token = store.create("shop of acme", limits=ALL)
    revoked, _ = store.create()
    revoked = store(lambda keys: keys.revoke(revoked.key_id))
    other = store(lambda keys: keys.create(name="other", tenant="other", scopes=[Scope.READ], limits=ALL))[0]
    number, _ = store.changed(0)
    assert store(lambda keys: keys.erase("acme")) == 2
    latest, heard = store.changed(number)
    assert (latest, sorted(heard)) == (number + 2, sorted([key.key_id, revoked.key_id]))
    erased = store(lambda keys: keys.get(key.key_id))
    assert (erased.name, erased.tenant, erased.scopes, erased.limits) == ("", "", frozenset(), KeyLimits())
    assert erased.revoked_at is not None
    assert store(lambda keys: keys.get(revoked.key_id)).revoked_at == revoked.revoked_at
    assert traces(store.client, ["acme", hashlib.sha256(token.encode()).hexdigest()], prefix=store.keys.prefix) == []
    assert store(lambda keys: keys.get(other.key_id)) == other
    assert store(lambda keys: keys.erase("acme")) == 0


def test_limits_are_replaced_as_a_whole(store: Store) -> None:
    key, _ = store.create(limits=ALL)
    changed = store(lambda keys: keys.limit(key.key_id, KeyLimits(read_rate="5/minute")))
    assert changed.limits == KeyLimits(read_rate="5/minute")
    assert (changed.sha256, changed.tenant, changed.scopes) == (key.sha256, key.tenant, key.scopes)


def test_a_revoked_key_stays_revoked_since_then(store: Store) -> None:
    key, _ = store.create()
    before = datetime.now(UTC) - timedelta(seconds=1)
    revoked = store(lambda keys: keys.revoke(key.key_id))
    assert revoked.revoked_at is not None
    assert before < revoked.revoked_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert store(lambda keys: keys.revoke(key.key_id)) == revoked
    assert store(lambda keys: keys.limit(key.key_id, ALL)).revoked_at == revoked.revoked_at


def test_a_revocation_is_only_answered_when_it_is_on_the_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = store.create()
    answers = iter(["return {0, 0}", "return {1, 0}"])

    def waitaof(pipeline: Pipeline, *_arguments: object) -> object:
        return pipeline.eval(next(answers), 0)

    monkeypatch.setattr(Pipeline, "waitaof", waitaof)
    with pytest.raises(StoreUnavailable):
        store(lambda keys: keys.revoke(key.key_id))
    revoked_at = store(lambda keys: keys.get(key.key_id)).revoked_at
    assert revoked_at is not None
    assert store(lambda keys: keys.revoke(key.key_id)).revoked_at == revoked_at
    assert list(answers) == []


def test_a_server_that_knows_nothing_of_its_disk_is_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def waitaof(pipeline: Pipeline, *_arguments: object) -> object:
        return pipeline.execute_command("WAITFORNOBODYKNOWSWHAT")

    monkeypatch.setattr(Pipeline, "waitaof", waitaof)
    key, _ = store.create()
    assert store(lambda keys: keys.revoke(key.key_id)).revoked_at is not None


def test_keys_are_listed_the_latest_changed_first(store: Store) -> None:
    first, second, third = (store.create(name)[0].key_id for name in ("first", "second", "third"))
    store(lambda keys: keys.revoke(first))
    listed = store(lambda keys: keys.page(limit=10))
    assert [key.key_id for key in listed] == [first, third, second]
    assert [key.key_id for key in store(lambda keys: keys.page(limit=1, offset=1))] == [third]
    assert store(lambda keys: keys.count()) == 3


def test_a_gateway_hears_of_each_change_once(store: Store) -> None:
    assert store.changed(0) == (0, [])
    first, second = (store.create()[0].key_id for _ in range(2))
    assert store.changed(0) == (2, [first, second])
    assert store.changed(2) == (2, [])
    store(lambda keys: keys.limit(first, ALL))
    assert store.changed(2) == (3, [first])
    store(lambda keys: keys.revoke(second))
    number, (key,) = store(lambda keys: keys.changed(3))
    assert (number, key.key_id, key.revoked_at is None) == (4, second, False)


def test_a_use_is_noted_and_is_no_change(store: Store) -> None:
    key, _ = store.create()
    store(lambda keys: keys.note_use(key.key_id))
    used = store(lambda keys: keys.get(key.key_id)).last_used_at
    assert used is not None
    assert abs(used - datetime.now(UTC)) < timedelta(minutes=1)
    assert store.changed(1) == (1, [])


def test_a_use_of_a_key_that_is_gone_makes_no_key(store: Store) -> None:
    store(lambda keys: keys.note_use("f" * 16))
    with pytest.raises(UnknownKey):
        store(lambda keys: keys.get("f" * 16))


def test_many_keys_are_read_as_well_as_few(store: Store) -> None:
    async def fill(keys: ApiKeyStore) -> None:
        for number in range(450):
            await keys.create(name=str(number), tenant="acme", scopes=[Scope.READ])

    store(fill)
    number, keys = store(lambda keys: keys.changed(0))
    assert (number, [key.name for key in keys]) == (450, [str(each) for each in range(450)])


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"scr_",
        b"scr_0123456789abcdef_short",
        b"scr_0123456789ABCDEF_" + b"a" * 43,
        b"scr_0123456789abcdef_" + b"a" * 44,
        b"scr_0123456789abcdef_" + b"a" * 42 + b"\n",
        b"SCR_0123456789abcdef_" + b"a" * 43,
        b"scr_0123456789abcd:f_" + b"a" * 43,
    ],
)
def test_what_is_not_written_as_a_key_is_none(token: bytes) -> None:
    assert key_id_of(token) is None
