"""Rate limits on the real servers: two gateways count together, and nobody gets more than his limit."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import redis
from prometheus_client import CollectorRegistry, Counter

from api.rate_limits import OFF, Rate, RateLimits, Standing
from core.keys import Keys
from core.redis_clients import connect_async
from tests.harness.proxy import Proxy


class Gateways:
    """As many gateways as are asked for, with the same limits and the same Redis."""

    def __init__(self, url: str, keys: Keys) -> None:
        self.url = url
        self.keys = keys
        self.skipped = Counter("skipped", "Uncounted requests", registry=CollectorRegistry())

    @asynccontextmanager
    async def run(
        self, number: int = 2, *, submit: str = OFF, read: str = OFF, blind_seconds: float = 5.0
    ) -> AsyncIterator[list[RateLimits]]:
        clients = [connect_async(self.url) for _ in range(number)]
        yield [
            RateLimits(
                client,
                submit=submit,
                read=read,
                skipped=self.skipped,
                keys=self.keys,
                blind_seconds=blind_seconds,
            )
            for client in clients
        ]
        for client in clients:
            await client.aclose()

    def scripts_run(self) -> int:
        """Return how many scripts the server has run: each is one round trip of a limit."""
        with redis.Redis.from_url(self.url) as probe:
            return int(probe.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"])

    def skips(self) -> float:
        (metric,) = self.skipped.collect()
        return next(sample.value for sample in metric.samples if sample.name == "skipped_total")


@pytest.fixture(params=["valkey", "redis"])
def gateways(request: pytest.FixtureRequest, keys: Keys) -> Gateways:
    return Gateways(request.getfixturevalue(f"{request.param}_url"), keys)


@pytest.fixture
def proxy(valkey_url: str) -> Iterator[Proxy]:
    port = urlsplit(valkey_url).port
    assert port is not None
    with Proxy(port) as running:
        yield running


async def taken(limits: RateLimits, rate: Rate, who: str = "name:ann", own: str | None = None) -> Standing:
    standing = await limits.take(rate, who, own=own)
    assert standing is not None
    return standing


def test_submissions_are_counted_by_all_gateways_together(gateways: Gateways) -> None:
    async def submit() -> list[Standing]:
        async with gateways.run(submit="5/minute") as limits:
            return [await taken(limits[number % 2], Rate.SUBMIT) for number in range(8)]

    before = time.time()
    standings = asyncio.run(submit())
    assert [(each.remaining, each.is_refused) for each in standings] == [
        *((4 - number, False) for number in range(5)),
        *[(0, True)] * 3,
    ]
    # The first one is forgotten after a minute: then there is room for another.
    assert all(before + 60 <= each.reset_at <= time.time() + 60 for each in standings)


def test_no_span_holds_more_submissions_than_the_limit_not_even_around_a_boundary(gateways: Gateways) -> None:
    async def hammer() -> list[float]:
        accepted: list[float] = []
        async with gateways.run(submit="4/second") as limits:
            end = time.monotonic() + 3
            while (now := time.monotonic()) < end:
                if not (await taken(limits[len(accepted) % 2], Rate.SUBMIT)).is_refused:
                    accepted.append(now)
                await asyncio.sleep(0.01)
        return accepted

    accepted = asyncio.run(hammer())
    assert 8 <= len(accepted) <= 12
    # From before the first was counted to before the fifth was: less only by what the first took to be counted.
    assert min(later - earlier for earlier, later in zip(accepted, accepted[4:], strict=False)) > 0.9


def test_a_refused_submission_does_not_count(gateways: Gateways) -> None:
    async def submit() -> None:
        async with gateways.run(1, submit="1/second") as (limits,):
            first = await taken(limits, Rate.SUBMIT)
            async with asyncio.timeout(20):  # each refused one would put it off by a second, for ever
                while (await taken(limits, Rate.SUBMIT)).is_refused:
                    pass
            assert time.time() >= first.reset_at

    asyncio.run(submit())


def test_reads_never_exceed_their_limit_and_hardly_fall_short_of_it(gateways: Gateways) -> None:
    async def read() -> list[Standing]:
        async with gateways.run(3, read="600/day") as limits:
            # One gateway takes its share and is not asked again; the others share the rest.
            standings = [await taken(limits[2], Rate.READ)]
            return standings + [await taken(limits[number % 2], Rate.READ) for number in range(800)]

    before = gateways.scripts_run()
    standings = asyncio.run(read())
    granted = sum(not each.is_refused for each in standings)
    assert 600 * 0.95 < granted <= 600
    assert gateways.scripts_run() - before < 600 / 3
    assert all(each.is_refused for each in standings[granted:])
    assert standings[-1].remaining == 0


def test_reads_at_once_take_one_share(gateways: Gateways) -> None:
    async def read() -> list[Standing]:
        async with gateways.run(1, read="6400/day") as (limits,):
            return await asyncio.gather(*(taken(limits, Rate.READ) for _ in range(200)))

    before = gateways.scripts_run()
    standings = asyncio.run(read())
    assert gateways.scripts_run() - before == 1
    assert sorted(each.remaining for each in standings) == list(range(6200, 6400))


def test_who_polls_steadily_costs_redis_one_round_trip_a_window(gateways: Gateways) -> None:
    async def read() -> list[int]:
        trips = []
        async with gateways.run(1, read="640/2 seconds") as (limits,):
            for _ in range(3):
                await asyncio.sleep((await taken(limits, Rate.READ)).reset_at - time.time())
                before = gateways.scripts_run()
                assert [(await taken(limits, Rate.READ)).remaining for _ in range(60)] == list(range(639, 579, -1))
                trips.append(gateways.scripts_run() - before)
        return trips

    assert asyncio.run(read()) == [4, 1, 1]


def test_who_is_over_his_limit_no_longer_costs_redis_anything(gateways: Gateways) -> None:
    async def read() -> None:
        async with gateways.run(1, read="3/day") as (limits,):
            for _ in range(4):
                await taken(limits, Rate.READ)
            before = gateways.scripts_run()
            refused = [await taken(limits, Rate.READ) for _ in range(100)]
            assert all(each.is_refused for each in refused)
            assert gateways.scripts_run() == before

    asyncio.run(read())


def test_a_new_window_begins_when_it_was_said(gateways: Gateways) -> None:
    async def read() -> None:
        async with gateways.run(1, read="2/second") as (limits,):
            while not (last := await taken(limits, Rate.READ)).is_refused:
                pass
            assert last.reset_at - time.time() <= 1
            await asyncio.sleep(last.reset_at - time.time())
            assert (await taken(limits, Rate.READ)).remaining == 1

    asyncio.run(read())


def test_everybody_has_a_limit_of_his_own(gateways: Gateways) -> None:
    async def take() -> None:
        async with gateways.run(1, submit="1/day", read="1/day") as (limits,):
            for rate in Rate:
                for who in ("name:ann", "name:bob", "address:ann"):
                    assert not (await taken(limits, rate, who)).is_refused
                    assert (await taken(limits, rate, who)).is_refused
                assert (await taken(limits, rate, "name:ann", own="7/day")).remaining == 6
                assert await limits.take(rate, "name:ann", own=OFF) is None

    asyncio.run(take())


def test_of_several_limits_the_nearest_is_told_and_the_shorter_spares_the_longer(gateways: Gateways) -> None:
    async def take() -> None:
        async with gateways.run(1, submit="100/day; 1/second") as (limits,):
            first = await taken(limits, Rate.SUBMIT)
            assert (first.limit.amount, first.remaining) == (1, 0)
            while (await taken(limits, Rate.SUBMIT)).is_refused:
                pass
            assert (await taken(limits, Rate.SUBMIT, own="100/day")).remaining == 97

    asyncio.run(take())


def test_what_is_counted_goes_by_itself(gateways: Gateways) -> None:
    async def take() -> None:
        async with gateways.run(1, submit="5/minute", read="5/minute") as (limits,):
            for rate in Rate:
                await taken(limits, rate)

    asyncio.run(take())
    with redis.Redis.from_url(gateways.url, decode_responses=True) as probe:
        found = list(probe.scan_iter(f"{gateways.keys.rate_limits}*"))
        assert len(found) == 2
        assert all(0 < int(str(probe.ttl(key))) <= 60 for key in found)


@pytest.mark.parametrize("failure", ["refuse", "go_half_open"])
def test_while_redis_is_away_everybody_passes_uncounted_and_soon(
    valkey_url: str, keys: Keys, proxy: Proxy, failure: str
) -> None:
    gateways = Gateways(valkey_url.replace(str(urlsplit(valkey_url).port), str(proxy.port)), keys)

    async def take() -> None:
        async with gateways.run(1, submit="1/day", read="1/day", blind_seconds=2) as (limits,):
            assert (await taken(limits, Rate.SUBMIT)).remaining == 0
            getattr(proxy, failure)()
            started = time.monotonic()
            passed = [await limits.take(rate, "name:ann") for rate in Rate for _ in range(100)]
            assert passed == [None] * 200
            assert time.monotonic() - started < 2
            assert gateways.skips() == 200
            proxy.restore()
            async with asyncio.timeout(20):
                standing = None
                while standing is None:
                    await asyncio.sleep(0.05)
                    standing = await limits.take(Rate.SUBMIT, "name:ann")
            assert standing.is_refused

    asyncio.run(take())
