"""Clients who say with every request that they are somebody else: none gets more than his limit."""

import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import httpx

from tests.abuse.somebody import Somebody
from tests.chaos.outcome import Outcome

_NOBODYS = "0" * 32
_ADDRESSES_OF_ONE_KEY = 8

Headers = list[tuple[str, str]]


def claims(number: int) -> Headers:
    """Return headers in which somebody says that he is another, a different one for each number."""
    ipv4 = f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    ipv6 = f"2001:db8::{number:x}"
    kinds: list[Headers] = [
        [("X-Forwarded-For", ipv4), ("X-Forwarded-Proto", "https")],
        [("X-Forwarded-For", f"{ipv4}, 127.0.0.1")],  # as if a proxy of the service's had passed it on
        [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", ipv6)],
        [("X-Forwarded-For", f"[{ipv6}]:4711, unknown, , {ipv4}:80")],
        [("X_Forwarded_For", ipv4), ("X-Original-Forwarded-For", ipv4)],
        [("Forwarded", f'for="[{ipv6}]";by={ipv4};proto=https')],
        [(name, ipv4) for name in ("X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Originating-IP")],
        [(name, ipv4) for name in ("True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "Client-IP")],
    ]
    return kinds[number % len(kinds)]


def check_forged_addresses(
    outcome: Outcome,
    *,
    guarded: dict[str, str],
    opened: dict[str, str],
    key: str,
    submissions: int,
    reads: int,
    requests: int,
) -> str:
    """Check that forwarding headers, made-up keys and many addresses gain nobody anything; return what was seen.

    Args:
        outcome: gets the checks.
        guarded: where keys are asked for, by the way that leads there.
        opened: where nobody is asked for anything, by the same ways.
        key: a key with everybody's limits.
        submissions: how many a client has, in a time far longer than this takes.
        reads: the same of other requests.
        requests: how many each client sends.
    """
    hosts = (f"127.9.{number >> 7}.{1 + (number & 127)}" for number in itertools.count())
    trials: list[tuple[str, int, int, _Ask, Sequence[str]]] = []
    for way, guarded_url in guarded.items():
        open_url = opened[way]
        trials += [
            (f"submits {way}", submissions, 202, _submits(open_url), [next(hosts)]),
            (f"reads {way}", reads, 404, _reads(open_url), [next(hosts)]),
            (f"has no key, {way}", reads, 401, _has_no_key(guarded_url), [next(hosts)]),
            (f"makes keys up, {way}", reads, 401, _makes_keys_up(guarded_url), [next(hosts)]),
        ]
        several = [next(hosts) for _ in range(_ADDRESSES_OF_ONE_KEY)]
        # The one key is the same on every way, and so is what it has left.
        left = submissions if way == next(iter(guarded)) else 0
        trials.append((f"submits with a key, {way}", left, 202, _submits(guarded_url, key), several))
    beyond = 0
    for what, limit, expected, ask, addresses in trials:
        with ExitStack() as stack:
            clients = [stack.enter_context(Somebody(address)) for address in addresses]
            seen = Counter(ask(clients[number % len(clients)], number).status_code for number in range(requests))
        beyond += max(0, seen[expected] - limit)
        outcome.check(
            f"who {what}: {seen[expected]} of {requests} requests with forged addresses passed, his limit is {limit}",
            +seen == +Counter({expected: limit, 429: requests - limit}),
            dict(seen),
        )
    return f"{len(trials) * requests:,} requests with forged addresses, {beyond} beyond a limit"


_Ask = Callable[[Somebody, int], httpx.Response]


def _submits(url: str, key: str | None = None) -> _Ask:
    own = [("X-API-Key", key)] if key else []
    return lambda client, number: client.post(url=f"{url}/transcribe", headers=[*claims(number), *own])


def _reads(url: str) -> _Ask:
    return lambda client, number: client.get(f"{url}/status/{_NOBODYS}", headers=claims(number))


def _has_no_key(url: str) -> _Ask:
    return lambda client, number: client.get(f"{url}/jobs", headers=claims(number))


def _makes_keys_up(url: str) -> _Ask:
    def ask(client: Somebody, number: int) -> httpx.Response:
        made_up = f"scr_{secrets.token_hex(8)}_{secrets.token_urlsafe(32)}"
        return client.get(f"{url}/jobs", headers=[*claims(number), ("X-API-Key", made_up)])

    return ask
