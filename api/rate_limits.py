"""How often somebody may ask, counted in Redis for all gateways together.

Submissions are counted one by one in a moving window: never more than the limit in any span of its length. Reads are
counted in fixed windows from which a gateway takes a share ahead and spends it by itself, so that a poll costs no round
trip of its own: never more than the limit in a window, and at most a share of it for each gateway less
(docs/decisions/0020-rate-limits-by-shares.md).

While Redis is away nobody is limited: that is counted, and costs no request more than a second.
"""

import asyncio
import math
import time
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import RateLimited
from core.keys import Keys

OFF = "off"
"""The setting that limits nobody."""
_SHARE = 32
"""A gateway takes this part of what is left of a limit at once,"""
_FIRST_SHARE = 8
"""and at first as much as was spent in the window before, up to this part of the limit."""
_MOST_SHARES = 100_000
"""Clients whose shares a gateway remembers; of more, it forgets the oldest."""
_ANSWER_SECONDS = 1.0
HEADERS = {
    "X-RateLimit-Limit": "Requests that the nearest limit allows in its window.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "When there are more again, as a UNIX time.",
    "RateLimit-Policy": "The same limit in the words of the IETF's draft: `q` requests in `w` seconds.",
    "RateLimit": "`r` of them are left, for `t` seconds.",
}
"""What is said of a limit in an answer's head, and what it means."""

logger = structlog.get_logger(__name__)


class Rate(StrEnum):
    """What is counted apart from what."""

    SUBMIT = "submit"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands against a limit, his present request included."""

    rate: Rate
    limit: RateLimitItem
    remaining: int
    reset_at: float
    """When he may ask more often again, as a UNIX time."""
    is_refused: bool

    @property
    def seconds_to_reset(self) -> int:
        """Whole seconds until then, at least one."""
        return max(1, math.ceil(self.reset_at - time.time()))

    def check(self) -> None:
        """Let the request pass.

        Raises:
            RateLimited: it is one too many.
        """
        if self.is_refused:
            nouns = {Rate.SUBMIT: "submissions", Rate.READ: "requests"}
            multiple = self.limit.multiples
            name = self.limit.GRANULARITY.name
            period = name if multiple == 1 else f"{multiple} {name}s"
            raise RateLimited(
                f"The limit is {self.limit.amount} {nouns[self.rate]} per {period}; come back in "
                f"{self.seconds_to_reset} s.",
                retry_after_seconds=self.seconds_to_reset,
            )

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return what is said of it in an answer's head (`HEADERS`)."""
        amount, policy = self.limit.amount, f'"{self.rate}"'
        return [
            (b"x-ratelimit-limit", b"%d" % amount),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % math.ceil(self.reset_at)),
            (b"ratelimit-policy", f"{policy};q={amount};w={self.limit.get_expiry()}".encode()),
            (b"ratelimit", f"{policy};r={self.remaining};t={self.seconds_to_reset}".encode()),
        ]


class RateLimits:
    """The limits of an installation, and what everybody has used of his."""

    def __init__(
        self,
        client: Redis,
        *,
        submit: str,
        read: str,
        skipped: Counter,
        keys: Keys | None = None,
        blind_seconds: float = 5.0,
    ) -> None:
        """Share the client's connections.

        `skipped` counts what passes uncounted because Redis is away, which isn't asked again for `blind_seconds`.

        Raises:
            ValueError: a limit is none.
        """
        self._storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=(keys or Keys()).rate_limits,
            connection_pool=client.connection_pool,  # type: ignore[arg-type]  # documented; its type forgets it
        )
        self._defaults = {Rate.SUBMIT: submit, Rate.READ: read}
        self._windows: dict[tuple[Rate, str], list[_Window]] = {}
        for rate, text in self._defaults.items():
            self._of(rate, text)
        self._skipped = skipped
        self._blind_seconds = blind_seconds
        self._blind_until = 0.0

    async def take(self, rate: Rate, who: str, *, own: str | None = None) -> Standing | None:
        """Count a request and tell how who asks stands against the limit that he is nearest to.

        `own` is his own limit in the place of the installation's. None: there is no limit, or Redis is away.

        Raises:
            ValueError: `own` is no limit.
        """
        nearest: Standing | None = None
        for window in self._of(rate, self._defaults[rate] if own is None else own):
            standing = window.known(who) or await self._asked(window, who)
            if standing is None:
                return None
            if nearest is None or standing.is_refused or standing.remaining < nearest.remaining:
                nearest = standing
            if standing.is_refused:
                break
        return nearest

    def _of(self, rate: Rate, text: str) -> "list[_Window]":
        windows = self._windows.get((rate, text))
        if windows is None:
            kind = _Log if rate is Rate.SUBMIT else _Shares
            windows = self._windows[rate, text] = [kind(self._storage, rate, limit) for limit in parsed(text)]
        return windows

    async def _asked(self, window: "_Window", who: str) -> Standing | None:
        now = time.monotonic()
        if now < self._blind_until:
            self._skipped.inc()
            return None
        if self._blind_until:
            # One request sees whether Redis is back; it need not be everybody who waits for that.
            self._blind_until = now + self._blind_seconds
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                standing = await window.asked(who)
        # RuntimeError: see core.redis_clients.
        except (RedisError, OSError, RuntimeError) as error:
            self._blind_until = time.monotonic() + self._blind_seconds
            self._skipped.inc()
            logger.warning("rate_limits_skipped", error=type(error).__name__, seconds=self._blind_seconds)
            return None
        self._blind_until = 0.0
        return standing


def parsed(text: str) -> list[RateLimitItem]:
    """Return limits by their notation, such as `10/minute` or `10/minute; 100/day`, the shortest first; none if `off`.

    Raises:
        ValueError: it is not a limit.
    """
    if text == OFF:
        return []
    try:
        # The shortest first: who is refused by the minute has not used up his day.
        return sorted(parse_many(text), key=lambda limit: limit.get_expiry())
    except ValueError:
        raise ValueError(f"this is no limit; write 10/minute, 10/minute;100/day or {OFF}") from None


class _Window(Protocol):
    """Counts what everybody asks against one limit."""

    def known(self, who: str) -> Standing | None:
        """Count a request if that needs no Redis."""
        ...

    async def asked(self, who: str) -> Standing:
        """Count a request in Redis."""
        ...


class _Log:
    """Remembers the time of every request in the window, in Redis."""

    def __init__(self, storage: RedisStorage, rate: Rate, limit: RateLimitItem) -> None:
        self._limiter = MovingWindowRateLimiter(storage)
        self._rate = rate
        self._limit = limit

    def known(self, who: str) -> None:
        """Know nothing here."""

    async def asked(self, who: str) -> Standing:
        """Count a request; one that is refused does not count."""
        is_counted = await self._limiter.hit(self._limit, self._rate, who)
        reset_at, remaining = await self._limiter.get_window_stats(self._limit, self._rate, who)
        return Standing(self._rate, self._limit, remaining, reset_at, is_refused=not is_counted)


class _Share:
    """What this gateway has taken for somebody in one window."""

    __slots__ = ("counted", "ends_at", "expected", "left", "spent", "taking", "window")

    def __init__(self, window: int, ends_at: float, expected: int) -> None:
        self.window = window
        self.ends_at = ends_at
        self.expected = expected
        """Spent here in the window before."""
        self.counted = 0
        """Taken by all gateways, as Redis last said."""
        self.left = 0
        """Taken by this one and not yet spent."""
        self.spent = 0
        self.taking = asyncio.Lock()


class _Shares:
    """Takes several requests at once from the window in Redis, and spends them here until it ends."""

    def __init__(self, storage: RedisStorage, rate: Rate, limit: RateLimitItem) -> None:
        self._storage = storage
        self._rate = rate
        self._limit = limit
        self._seconds = limit.get_expiry()
        self._shares: dict[str, _Share] = {}

    def known(self, who: str) -> Standing | None:
        """Count a request if there is something left of the share, or nothing left of the whole."""
        share = self._shares.get(who)
        return None if share is None or time.time() >= share.ends_at else self._spent(share)

    async def asked(self, who: str) -> Standing:
        """Take another share and count a request."""
        share = self._present(who)
        # One takes for all who wait: else each of a hundred at once would take as much.
        async with share.taking:
            standing = self._spent(share)
            while standing is None:
                await self._take(share, who)
                standing = self._spent(share)
        return standing

    def _spent(self, share: _Share) -> Standing | None:
        """Count a request against a share; None if that is used up and there may be more."""
        is_refused = share.left == 0
        unclaimed = max(0, self._limit.amount - share.counted)
        if is_refused and unclaimed:
            return None
        if not is_refused:
            share.left -= 1
            share.spent += 1
        return Standing(self._rate, self._limit, share.left + unclaimed, share.ends_at, is_refused=is_refused)

    async def _take(self, share: _Share, who: str) -> None:
        asked_for = max(1, (self._limit.amount - share.counted) // _SHARE)
        if not share.counted:
            # Who polls as steadily as before is asked for once.
            asked_for = max(asked_for, min(share.expected, self._limit.amount // _FIRST_SHARE))
        key = self._limit.key_for(self._rate, who, share.window)
        share.counted = await self._storage.incr(key, self._seconds, asked_for)
        share.left += min(asked_for, max(0, self._limit.amount - share.counted + asked_for))

    def _present(self, who: str) -> _Share:
        """Return the share of the window that now is."""
        now = time.time()
        share = self._shares.get(who)
        if share is None or now >= share.ends_at:
            # Everybody's windows begin at another moment, the same on all gateways: else all would ask Redis at once.
            offset = zlib.crc32(who.encode()) / 2**32 * self._seconds
            window = int((now + offset) // self._seconds)
            former = self._shares.pop(who, None)
            expected = former.spent if former is not None and former.window == window - 1 else 0
            share = self._shares[who] = _Share(window, (window + 1) * self._seconds - offset, expected)
            self._forget(now - self._seconds)
        return share

    def _forget(self, before: float) -> None:
        """Drop what ended before some time, the oldest first, and whatever is too much."""
        while True:
            oldest = next(iter(self._shares))
            if self._shares[oldest].ends_at > before and len(self._shares) <= _MOST_SHARES:
                return
            del self._shares[oldest]
