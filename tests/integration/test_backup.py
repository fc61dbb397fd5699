"""deploy/backup.sh and restore.sh: a running installation is copied, lost, and goes on where the copy stood."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.harness.cluster import Cluster, eventually
from tests.harness.servers import running_server, skip_unless_ci
from tests.harness.service import REPOSITORY
from tests.media import silence_wav

FINISHED, JOBS = 2, 8
PAGE = (REPOSITORY / "docs" / "operations" / "backup.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _redis_cli() -> None:
    if shutil.which("redis-cli") is None:
        skip_unless_ci("redis-cli")


def script(name: str, *arguments: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [REPOSITORY / "deploy" / name, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def backup(url: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    server = redis.Redis.from_url(url).connection_pool.connection_kwargs
    address = {"REDIS_PORT": str(server["port"]), "REDIS_PASSWORD": server["password"]}
    return script("backup.sh", folder, **(address | variables))


class Client:
    """Somebody who uses an installation."""

    def __init__(self, cluster: Cluster) -> None:
        self._http = httpx.Client(base_url=cluster.base_url(), trust_env=False, timeout=30)

    def post(self, seconds: int) -> str:
        answer = self._http.post(
            "/transcribe",
            files={"file": silence_wav(seconds, rate=8000)},
            headers={"Cache-Control": "no-cache"},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever document is there
        answer = self._http.get(path)
        return answer.json() if answer.status_code == httpx.codes.OK else answer.status_code

    def statuses(self, jobs: list[str]) -> list[str]:
        return [self.get(f"/status/{job_id}")["status"] for job_id in jobs]


def test_an_installation_goes_on_where_its_copy_stood(tmp_path: Path) -> None:
    # A short lease: the new installation waits for the end of the one that was copied.
    with Cluster(
        tmp_path / "old", TRANSCRIBER="scripted", SCRIPTED_RTF="0.2", WORKER_CONCURRENCY="1", LEASE_SECONDS="3"
    ) as old:
        old.start(workers=1)
        client = Client(old)
        # Two are finished, one is in its middle, five wait.
        jobs = [client.post(1) for _ in range(FINISHED)] + [client.post(60) for _ in range(JOBS - FINISHED)]
        assert eventually(lambda: client.get(f"/status/{jobs[FINISHED]}")["segments"] > 0, 60), old.log_tails()
        made = backup(old.valkey_url, tmp_path / "copy", MEDIA_DIR=str(old.media_folder))
        assert made.returncode == 0, made.stderr
        assert made.stdout == f"{tmp_path / 'copy'}\n"
        transcripts = [client.get(f"/result/{job_id}") for job_id in jobs[:FINISHED]]
        segments = client.get(f"/status/{jobs[FINISHED]}")["segments"]
        too_late = client.post(1)
        assert client.statuses(jobs) == ["completed"] * FINISHED + ["processing"] + ["queued"] * (JOBS - FINISHED - 1)
    shutil.rmtree(tmp_path / "old")

    new = Cluster(tmp_path / "new", TRANSCRIBER="scripted", SCRIPTED_RTF="0", LEASE_SECONDS="3", REAP_SECONDS="1")
    restored = script("restore.sh", tmp_path / "copy", new.folder / "valkey", MEDIA_DIR=str(new.media_folder))
    assert restored.returncode == 0, restored.stderr
    with new:
        new.start(workers=1)
        client = Client(new)
        assert [client.get(f"/result/{job_id}") for job_id in jobs[:FINISHED]] == transcripts
        assert client.get(f"/status/{too_late}") == httpx.codes.NOT_FOUND
        assert eventually(lambda: set(client.statuses(jobs)) == {"completed"}, 90), new.log_tails()
        running, waiting = jobs[FINISHED], jobs[FINISHED + 1 :]
        # The one that ran has lost a worker; those that waited know of nothing.
        assert client.get(f"/status/{running}")["attempt"] == 2
        assert {client.get(f"/status/{job_id}")["attempt"] for job_id in waiting} == {1}
        documents = [client.get(f"/result/{job_id}") for job_id in (running, *waiting)]
        assert {len(each["segments"]) for each in documents} == {len(documents[0]["segments"])}
        assert len(documents[0]["segments"]) > segments > 0
        assert [each["id"] for each in documents[0]["segments"]] == list(range(1, len(documents[0]["segments"]) + 1))


@pytest.mark.parametrize("kind", ["valkey", "redis"])
def test_every_key_is_in_the_copy_as_it_was(kind: str, tmp_path: Path) -> None:
    with running_server(kind, tmp_path / "old") as url, redis.Redis.from_url(url) as client:
        client.set("text", "a", px=3_600_000)
        client.hset("hash", mapping={"b": "c"})
        client.zadd("sorted", {"d": 1.5})
        client.rpush("list", *range(1000))
        client.xadd("stream", {"e": "f"})
        there = {key: (client.dump(key), client.pexpiretime(key)) for key in client.scan_iter()}
        assert backup(url, tmp_path / "copy").returncode == 0
        client.set("later", "g")
    (tmp_path / "new" / "valkey").mkdir(parents=True)
    assert script("restore.sh", tmp_path / "copy", tmp_path / "new" / "valkey").returncode == 0
    for times_started in (1, 2):
        with running_server(kind, tmp_path / "new") as url, redis.Redis.from_url(url) as client:
            restored = {key: (client.dump(key), client.pexpiretime(key)) for key in client.scan_iter(match="[a-z]*")}
            assert {key: restored.get(key) for key in there} == there
            assert b"later" not in restored
            # What is written from now on is kept as well.
            assert client.incr("starts") == times_started


def test_nothing_is_taken_for_a_copy_that_is_none(tmp_path: Path) -> None:
    with running_server("valkey", tmp_path / "server") as url:
        refused = backup(url, tmp_path / "copy", REDIS_PASSWORD="another")  # noqa: S106 - a wrong one
        assert refused.returncode != 0
        assert not (tmp_path / "copy" / "redis.rdb").exists()
        # A folder that is there is somebody's, perhaps the copy of yesterday.
        again = backup(url, tmp_path / "copy")
        assert again.returncode != 0
        assert list((tmp_path / "copy").glob("*.rdb")) == []
    (tmp_path / "data").mkdir()
    assert script("restore.sh", tmp_path / "copy", tmp_path / "data").returncode != 0


def test_a_redis_that_has_data_is_not_overwritten(tmp_path: Path) -> None:
    with running_server("valkey", tmp_path / "server") as url:
        assert backup(url, tmp_path / "copy").returncode == 0
    before = {path: path.read_bytes() for path in (tmp_path / "server" / "valkey" / "appendonlydir").iterdir()}
    assert before
    assert script("restore.sh", tmp_path / "copy", tmp_path / "server" / "valkey").returncode != 0
    assert {path: path.read_bytes() for path in before} == before


def page_commands(mark: str, folder: Path) -> str:
    """Return the one block of commands of the page that has a mark, with a folder of ours for the container's."""
    (block,) = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if mark in block]
    return str(block).replace("/data", str(folder))


def stand_ins(folder: Path, port: int) -> Path:
    """Return a folder with a kubectl that runs here what is meant for a pod, and a redis-cli that knows the port."""
    folder.mkdir()
    for name, text in {
        "kubectl": """case "$*" in *" scale "*) exit 0 ;; esac
            while [ "$1" != -- ]; do shift; done; shift; exec "$@" """,
        "redis-cli": f'exec {shutil.which("redis-cli")} -p {port} "$@"',
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def test_the_commands_for_kubernetes_copy_and_restore(tmp_path: Path) -> None:
    data = tmp_path / "server" / "valkey"

    def run(commands: str, url: str) -> None:
        server = redis.Redis.from_url(url).connection_pool.connection_kwargs
        path = f"{stand_ins(tmp_path / str(server['port']), server['port'])}:{os.environ['PATH']}"
        subprocess.run(
            ["/bin/sh", "-ec", commands],
            cwd=tmp_path,
            env=os.environ | {"PATH": path, "REDISCLI_AUTH": server["password"]},
            check=True,
            timeout=60,
        )

    with running_server("redis", tmp_path / "server") as url, redis.Redis.from_url(url) as client:
        client.set("of the copy", 1)
        run(page_commands("redis-cli --rdb /data", data), url)
        client.set("later", 1)
    with running_server("redis", tmp_path / "server") as url, redis.Redis.from_url(url) as client:
        assert client.dbsize() == 2
        run(page_commands("shutdown nosave", data), url)
    with running_server("redis", tmp_path / "server") as url, redis.Redis.from_url(url) as client:
        assert list(client.scan_iter()) == [b"of the copy"]
