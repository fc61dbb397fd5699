"""The manifests' Redis, started by the very command of its container: durable, never evicting, behind a password."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from cli.embedded_valkey import EmbeddedValkey
from cli.ports import free_port
from tests.harness.servers import skip_unless_ci
from tests.harness.service import until
from tests.kubernetes.manifests import built

PASSWORD = "a pass'word of $HOME and `others` #1"  # noqa: S105 - of this test alone


@pytest.fixture
def server(tmp_path: Path) -> Iterator[redis.Redis]:
    if shutil.which("redis-server") is None:
        skip_unless_ci("redis-server")
    base = built("base")
    volume = next(each for each in base.template("redis")["spec"]["volumes"] if "configMap" in each)
    configuration = base.one("ConfigMap", volume["configMap"]["name"])["data"]["redis.conf"]
    port = free_port()
    (tmp_path / "redis.conf").write_text(
        configuration.replace("dir /data", f"dir {tmp_path}\nport {port}\nbind 127.0.0.1"), encoding="utf-8"
    )
    shell, flags, script = base.container("redis")["command"]
    process = subprocess.Popen(
        [shell, flags, script.replace("/etc/redis/redis.conf", str(tmp_path / "redis.conf"))],
        env=os.environ | {"REDIS_PASSWORD": PASSWORD},
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port, password=PASSWORD, decode_responses=True)
    try:
        until(lambda: _is(process, client) or None, 20)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def _is(process: "subprocess.Popen[bytes]", client: redis.Redis) -> bool:
    assert process.poll() is None
    try:
        # Redis itself is the container's first process, which is told to stop.
        return bool(client.info("server")["process_id"] == process.pid)
    except redis.exceptions.ConnectionError:
        return False


def test_it_is_set_up_as_the_embedded_one(server: redis.Redis, tmp_path: Path) -> None:
    settings = server.config_get()
    assert settings["requirepass"] == PASSWORD
    embedded = EmbeddedValkey(tmp_path, 1, "").configuration.splitlines()
    durable = [line for line in embedded if line.startswith(("append", "maxmemory-policy", "save", "stream"))]
    assert len(durable) == 5
    for line in durable:
        name, _, value = line.partition(" ")
        assert settings[name] == value.strip('"')


def test_its_memory_leaves_room_for_a_rewrite(server: redis.Redis) -> None:
    limit = built("base").container("redis")["resources"]["limits"]["memory"]
    assert limit == "2Gi"
    assert int(server.info("memory")["maxmemory"]) * 2 <= 2 * 1024**3


def test_nobody_comes_in_without_the_password(server: redis.Redis) -> None:
    port = server.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
        stranger.ping()
