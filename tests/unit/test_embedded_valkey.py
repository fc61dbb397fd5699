"""The embedded Valkey is durable, reachable from this machine alone, and tells its password to nobody else."""

import os
import shlex
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.embedded_valkey import EmbeddedValkey
from tests.harness.service import until

ONCE = Retry(NoBackoff(), 0)
"""A client's own retries would hide, for seconds, that a server refuses."""


def settings(valkey: EmbeddedValkey) -> dict[str, str]:
    """Return the configuration as the server reads it: a name and its quoted value a line."""
    lines = [shlex.split(line) for line in valkey.configuration.splitlines()]
    assert all(len(line) == 2 for line in lines)
    return {line[0]: line[1] for line in lines}


@contextmanager
def running(valkey: EmbeddedValkey) -> Iterator[redis.Redis]:
    """Run the server as `up` does and yield a client of its address."""
    with (
        subprocess.Popen(valkey.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process,
        redis.Redis.from_url(valkey.url, decode_responses=True, retry=ONCE) as client,
    ):
        try:
            assert process.stdin is not None
            process.stdin.write(valkey.configuration)
            process.stdin.close()
            assert until(lambda: process.poll() or answers(client), 20) is True, "the server does not start"
            yield client
        finally:
            process.terminate()


def answers(client: redis.Redis) -> bool | None:
    """Return True as soon as the server answers."""
    try:
        return bool(client.ping()) or None
    except redis.exceptions.ConnectionError:
        return None


def test_an_accepted_job_survives_and_is_never_evicted(tmp_path: Path) -> None:
    configured = settings(EmbeddedValkey.under(tmp_path))
    assert configured["appendonly"] == "yes"
    assert configured["appendfsync"] == "always"
    assert configured["maxmemory-policy"] == "noeviction"
    assert configured["dir"] == str(tmp_path / "valkey")


def test_only_this_machine_reaches_it_and_only_with_the_password(tmp_path: Path) -> None:
    valkey = EmbeddedValkey.under(tmp_path)
    configured = settings(valkey)
    assert configured["bind"] == "127.0.0.1"
    assert configured["requirepass"] == valkey.password
    assert len(valkey.password) >= 32
    assert f"{configured['port']}" == str(valkey.port)


def test_no_process_list_shows_the_password(tmp_path: Path) -> None:
    valkey = EmbeddedValkey.under(tmp_path)
    assert [argument for argument in valkey.command if valkey.password in argument] == []


def test_each_start_has_a_password_of_its_own(tmp_path: Path) -> None:
    assert len({EmbeddedValkey.under(tmp_path).password for _ in range(5)}) == 5


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_user_may_read_the_address(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        valkey = EmbeddedValkey.under(tmp_path)
        again = EmbeddedValkey.under(tmp_path)
    finally:
        os.umask(before)
    address = tmp_path / "valkey" / "url"
    assert address.read_text().strip() == again.url != valkey.url
    assert stat.S_IMODE(address.stat().st_mode) == 0o600


def test_the_address_says_where_and_how(tmp_path: Path) -> None:
    valkey = EmbeddedValkey.under(tmp_path)
    with redis.Redis.from_url(valkey.url) as client:  # connects to nothing by itself
        kwargs = client.connection_pool.connection_kwargs
    assert (kwargs["host"], kwargs["port"], kwargs["password"]) == ("127.0.0.1", valkey.port, valkey.password)


@pytest.mark.parametrize("name", ["plain", "with space", 'with "quotes"', "back\\slash", "Grüße", "it's"])
def test_the_server_keeps_its_data_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    valkey = EmbeddedValkey.under(tmp_path / name)
    with running(valkey) as client:
        assert client.config_get("dir")["dir"] == str(tmp_path / name / "valkey")
        client.set("key", "value")
        with redis.Redis(port=valkey.port, retry=ONCE) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.get("key")
    with running(EmbeddedValkey.under(tmp_path / name)) as client:
        assert client.get("key") == "value"
