"""`scriptorium doctor`: it finds nothing where all is well, and each thing that is wrong, with what to do."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from cli.doctor import machine
from cli.doctor.redis_server import redis_server
from cli.embedded_valkey import EmbeddedValkey
from cli.ports import free_port
from cli.settings import UpSettings
from core.findings import Finding, Level
from core.settings import MediaSettings
from tests.harness.command import run_command, run_on_a_terminal
from tests.harness.service import MODEL_CACHE, Service, until
from worker import checkup
from worker.settings import WorkerSettings

Findings = dict[str, dict[str, Any]]


def doctor(cwd: Path, *arguments: str, status: int, **settings: str) -> Findings:
    """Return what was found, by what was looked at."""
    settings = {"DATA_DIR": str(cwd), "PORT": str(free_port()), **settings}
    ended = run_command("doctor", "--json", *arguments, cwd=cwd, variables=settings)
    assert ended.returncode == status, ended.stdout
    assert ended.stderr == ""
    document = json.loads(ended.stdout)
    found = {finding["check"]: finding for finding in document["findings"]}
    assert (document["worst"] == "failed") == any(each["level"] == "failed" for each in found.values())
    assert all(bool(each["advice"]) == (each["level"] != "ok") for each in found.values())
    return found


def levels(found: Findings, *checks: str) -> list[str]:
    return [found[check]["level"] for check in checks]


def test_all_is_well_where_the_service_runs(tmp_path: Path) -> None:
    with Service(tmp_path) as running:
        found = doctor(tmp_path, PORT=str(running.port), status=0)
    assert {check for check, each in found.items() if each["level"] != "ok"} <= {"clock", "memory"}
    assert {
        "Python", "gateway's settings", "worker's settings", "access", "open files", "model", "GPU", "cores", "Redis",
        "Redis' file", "Redis' eviction", "Redis' memory", "Redis' clock", "disk", "port", "service",
    } <= found.keys()  # fmt: skip
    assert "Scriptorium listens" in found["port"]["found"]
    assert "1 worker(s) with base" in found["service"]["found"]
    assert "checksum is right" in found["model"]["found"]


def test_before_the_first_start_nothing_has_failed_and_warnings_count_if_they_are_to(tmp_path: Path) -> None:
    found = doctor(tmp_path, "--strict", MODEL_CACHE_DIR=str(tmp_path / "models"), status=1)
    assert levels(found, "service", "Redis", "port", "model") == ["warning", "ok", "ok", "ok"]
    assert "installed packages" in found["model"]["found"]
    assert "Valkey of its own" in found["Redis"]["found"]
    assert list(tmp_path.iterdir()) == []  # it has looked, and left nothing


@contextmanager
def careless_server(folder: Path) -> Iterator[str]:
    """Run a server that forgets: nothing on the disk, and evicting."""
    port = free_port()
    process = subprocess.Popen(
        [
            str(EmbeddedValkey.binary()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
            "--save", "", "--maxmemory-policy", "allkeys-lru", "--requirepass", "sesame",
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"redis://:sesame@127.0.0.1:{port}/0"
        with redis.Redis.from_url(url) as client:
            until(lambda: _answers(client), 20)
            client.config_set("maxmemory", round(client.info("memory")["used_memory"] * 1.1))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(client: redis.Redis) -> bool | None:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return None


def looked_at(**redis: str | int) -> Findings:
    findings = redis_server(UpSettings.model_validate(redis))
    return {finding.check: finding.model_dump() for finding in findings}


def test_a_redis_that_would_lose_jobs_has_failed(tmp_path: Path) -> None:
    with careless_server(tmp_path) as url:
        found = looked_at(redis_url=url)
        wrong_password = looked_at(redis_url=url.replace("sesame", "guess"))
    assert levels(found, "Redis", "Redis' file", "Redis' eviction", "Redis' memory") == [
        "ok", "failed", "failed", "warning",
    ]  # fmt: skip
    assert "appendonly yes" in found["Redis' file"]["advice"]
    assert "allkeys-lru" in found["Redis' eviction"]["found"]
    assert wrong_password["Redis"]["level"] == "failed"
    assert "guess" not in str(wrong_password)
    away = looked_at(redis_host="127.0.0.1", redis_port=free_port())
    assert "REDIS_PORT" in away["Redis"]["advice"]


def test_settings_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    found = doctor(tmp_path, BATCH_SIZE="many", RATE_LIMIT_READ="often", status=1)
    assert "BATCH_SIZE" in found["worker's settings"]["found"]
    assert "RATE_LIMIT_READ" in found["gateway's settings"]["found"]
    found = doctor(tmp_path, RESULT_TTL_HOURS="-1", status=1)
    assert "RESULT_TTL_HOURS" in found["settings"]["found"]


def model(**settings: str | Path) -> Finding:
    found = checkup.findings(WorkerSettings.model_validate(settings))
    return next(finding for finding in found if finding.check == "model")


def test_weights_that_are_broken_or_missing_are_named(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir(parents=True)
    assert "no model.bin" in model(model_cache_dir=tmp_path).found
    (tmp_path / "base" / "model.bin").write_bytes(b"half of it")
    broken = model(model_cache_dir=tmp_path)
    assert (broken.level, str(tmp_path / "base") in broken.found) == (Level.FAILED, True)
    assert "SHA-256" in broken.found
    missing = model(model_cache_dir=tmp_path, model_size="large-v3")
    assert (missing.level, "hub" in missing.found) == (Level.WARNING, True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.bin").write_bytes(b"a model")
    own = model(model_size=str(tmp_path / "mine"))
    assert (own.level, "no checksum" in own.found) == (Level.OK, True)
    assert model(transcriber="scripted").level is Level.WARNING


def test_a_port_that_somebody_else_has_is_told_with_who_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = doctor(tmp_path, "--server", "http://127.0.0.1:9", PORT=str(port), status=1)
    assert found["port"]["level"] == "failed"
    assert f"process {os.getpid()}" in found["port"]["found"]
    assert f"PORT={port + 1}" in found["port"]["advice"]


def test_a_disk_and_limits_that_are_too_small_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "can't be written" in machine.disk(MediaSettings.model_validate({"data_dir": tmp_path / "file"})).found
    found = doctor(
        tmp_path,
        MIN_FREE_DISK_MB="1e12",
        MAX_CONNECTIONS="100000000",
        HOST="0.0.0.0",  # noqa: S104 - nothing is started
        MODEL_REPLICAS="500",
        COMPUTE_THREADS="2",
        MODEL_CACHE_DIR=str(MODEL_CACHE),
        status=1,
    )
    assert "every upload is refused" in found["disk"]["found"]
    assert levels(found, "open files", "access", "cores") == ["warning", "warning", "warning"]


def test_a_terminal_gets_a_line_each(tmp_path: Path) -> None:
    status, shown = run_on_a_terminal("doctor", RESULT_TTL_HOURS="-1", DATA_DIR=str(tmp_path))
    assert (status, "\x1b" in shown, "RESULT_TTL_HOURS" in shown) == (1, True, True)
    status, plain = run_on_a_terminal("doctor", RESULT_TTL_HOURS="-1", DATA_DIR=str(tmp_path), NO_COLOR="1")
    assert (status, "\x1b" in plain, "failed\tsettings\t" in plain) == (1, False, True)
