"""Whoever waits for a job is woken when something happens to it, by one reader for all of a gateway's clients."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api.activity import ActivityFeed
from core.keys import Keys
from core.redis_clients import connect_async
from tests.harness.servers import running_server
from tests.harness.stores import gateway_store, new_job


@asynccontextmanager
async def feed(url: str, keys: Keys) -> AsyncIterator[ActivityFeed]:
    client = connect_async(url)
    running = ActivityFeed(client, keys)
    running.start()
    yield running
    running.close()
    await client.aclose()


async def accepted(url: str, keys: Keys) -> str:
    client = connect_async(url)
    job = await gateway_store(client, keys).accept(new_job())
    await client.aclose()
    return job.job_id


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30))


def test_the_clients_of_a_job_are_woken_and_no_others(valkey_url: str, keys: Keys) -> None:
    async def test() -> None:
        async with feed(valkey_url, keys) as running:
            first, second = await accepted(valkey_url, keys), await accepted(valkey_url, keys)
            await asyncio.sleep(0.2)
            with running.watch(first) as mine, running.watch(first) as mine_too, running.watch(second) as other:
                for watch in (mine, mine_too, other):
                    await watch.wait(0.1)  # what is past
                client = connect_async(valkey_url)
                await gateway_store(client, keys).cancel(first)
                await client.aclose()
                assert await mine.wait(5)
                assert await mine_too.wait(5)
                assert not await other.wait(0.2)

    run(test)


def test_nothing_is_missed_between_looking_and_waiting(valkey_url: str, keys: Keys) -> None:
    async def test() -> None:
        async with feed(valkey_url, keys) as running:
            job_id = await accepted(valkey_url, keys)
            await asyncio.sleep(0.2)
            with running.watch(job_id) as watch:
                client = connect_async(valkey_url)
                await gateway_store(client, keys).cancel(job_id)
                await client.aclose()
                await asyncio.sleep(0.3)  # it has happened before anybody waits
                assert await watch.wait(0)

    run(test)


def test_a_thousand_clients_cost_one_reading_connection(valkey_url: str, keys: Keys) -> None:
    async def test() -> None:
        probe = connect_async(valkey_url)
        async with feed(valkey_url, keys) as running:
            await asyncio.sleep(0.1)
            before = int((await probe.info("stats"))["total_commands_processed"])
            watches = [running.watch(f"{number:032x}") for number in range(1000)]
            for watch in watches:
                watch.__enter__()
            await asyncio.sleep(1)
            commands = int((await probe.info("stats"))["total_commands_processed"]) - before
            for watch in watches:
                watch.__exit__(None, None, None)
        await probe.aclose()
        assert commands < 20

    run(test)


def test_an_end_of_the_gateway_ends_every_wait(valkey_url: str, keys: Keys) -> None:
    async def test() -> None:
        async with feed(valkey_url, keys) as running:
            with running.watch("a" * 32) as watch:
                await watch.wait(1)  # the feed's beginning
                waiting = asyncio.create_task(watch.wait(20))
                await asyncio.sleep(0.1)
                began = time.monotonic()
                running.close_soon()
                await waiting
                assert not await watch.wait(20)
                assert time.monotonic() - began < 5

    run(test)


def test_a_restart_of_the_server_loses_nobody(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        with running_server("valkey", tmp_path) as url:
            port = int(url.rpartition(":")[2].partition("/")[0])
            client = connect_async(url)
            running = ActivityFeed(client, keys)
            running.start()
            await asyncio.sleep(0.2)
        with running.watch("a" * 32) as watch:
            await asyncio.sleep(0.5)
            monkeypatch.setattr("cli.embedded_valkey.EmbeddedValkey.url", url)
            monkeypatch.setattr(
                "cli.embedded_valkey.EmbeddedValkey.configuration",
                f'bind 127.0.0.1\nport {port}\nrequirepass {url.split(":")[2].partition("@")[0]}\ndir "{tmp_path}"\n',
            )
            with running_server("valkey", tmp_path):
                assert await watch.wait(10)  # told to look for himself
                running.close()
                await client.aclose()

    run(test)
