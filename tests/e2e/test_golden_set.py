"""The golden set through the whole service: really transcribed, nobody else's affair, and gone afterwards."""

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
import redis

from core.golden import GOLDEN_TENANT, GoldenRun
from core.keys import Keys
from core.redis_clients import connect
from tests.harness.cluster import Cluster
from tests.harness.service import REPOSITORY, Service, environment, until
from tests.harness.traces import traces
from tests.media import silence_wav
from worker.golden.references import SHIPPED, GoldenSet
from worker.golden.store import GoldenStore

KEYS = Keys()
HEARD = "Segment 1 from 0.0 to 1.3 seconds."
ADMIN_KEY = secrets.token_hex(32)


def write_set(folder: Path, **texts: str) -> Path:
    """Write a set of silences of 1.3 s, each with its language and text."""
    folder.mkdir()
    (folder / "silence.wav").write_bytes(silence_wav(1.3, rate=8000))
    lines = [
        {"id": f"{language}-1", "file": "silence.wav", "language": language, "text": text}
        for language, text in texts.items()
    ]
    (folder / "references.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return folder


def awaited_runs(url: str, count: int, *, seconds: float = 60) -> list[GoldenRun]:
    """Return the runs that are kept, the latest first, as soon as there are so many."""
    store = GoldenStore(connect(url))
    return until(lambda: found if len(found := store.runs()) >= count else None, seconds)


def awaited_job(cluster: Cluster) -> str:
    """Return the one job that a run has, as soon as it is there."""

    def look() -> str | None:
        found = cast("list[str]", cluster.redis.zrange(KEYS.jobs_of(GOLDEN_TENANT), 0, -1))
        return found[0] if found else None

    return until(look, 30)


def left(client: redis.Redis) -> list[str]:
    """Return where something of the tenant is, but for the audit log, which keeps ids, and seconds of rate limits."""
    kept = (KEYS.audit, KEYS.rate_limits)
    found = (trace.rpartition(" in ")[2] for trace in traces(client, [GOLDEN_TENANT]))
    return [name for name in found if not name.startswith(kept)]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for keys and lets nobody submit twice a day, which runs a set of its own."""
    folder = tmp_path_factory.mktemp("golden-set")
    golden_set = write_set(folder / "set", en=HEARD, de="Segment 1 von 0.0 bis 1.3 Sekunden.")
    with Service(
        tmp_path_factory.mktemp("golden-data"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        RATE_LIMIT_SUBMIT="1/day",
        CLEAN_UP_SECONDS="1",
        GOLDEN_SET_HOURS="24",
        GOLDEN_SET_DIR=str(golden_set),
    ) as running:
        running.client.headers["X-API-Key"] = ADMIN_KEY
        yield running


def valkey_url(service: Service) -> str:
    return (service.data_dir / "valkey" / "url").read_text().strip()


def golden_command(url: str, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker.golden", command],
        cwd=folder,
        env=environment(REDIS_URL=url, PYTHONPATH=str(REPOSITORY)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_run_is_scored_by_language_told_and_leaves_nothing(guarded: Service) -> None:
    url = valkey_url(guarded)
    (run,) = awaited_runs(url, 1)
    assert {language: (rates.wer, rates.references) for language, rates in run.languages.items()} == {
        "en": (0.0, 1),
        "de": (pytest.approx(3 / 9), 1),  # `0.0` is two words to the normaliser
    }
    assert (run.model, run.version) == ("base", "0.1.0")
    port = re.search(r"metrics_port=(\d+)", guarded.wait_for_line("beat_starting"))
    assert port is not None

    def told() -> str | None:
        text = httpx.get(f"http://127.0.0.1:{port[1]}/metrics", trust_env=False).text
        return text if "transcription_golden_wer_change" in text and "last_run" in text else None

    metrics = until(told, 20)
    assert 'transcription_golden_wer{language="en"} 0.0' in metrics
    assert 'transcription_golden_wer_change{language="de"} 0.0' in metrics
    assert "transcription_golden_failures_total 0.0" in metrics
    until(lambda: None if guarded.media_files() else True, 20)
    assert left(guarded.redis()) == []
    assert guarded.client.get("/jobs").json()["jobs"] == []  # not even an operator's


def test_every_run_transcribes_anew_when_it_is_asked_for(guarded: Service, tmp_path: Path) -> None:
    url = valkey_url(guarded)
    before = len(awaited_runs(url, 1))
    stats = guarded.client.get("/stats").json()
    assert golden_command(url, "run", tmp_path).returncode == 0
    runs = awaited_runs(url, before + 1)
    now = guarded.client.get("/stats").json()
    assert (now["completed"], now["cached"]) == (stats["completed"] + 2, 0)
    assert runs[0].is_comparable_with(runs[1])
    shown = golden_command(url, "show", tmp_path)
    rows = [line.split("\t") for line in shown.stdout.splitlines()]
    assert [row[3:] for row in rows[:2]] == [["de", "33.3 %", "+0.0", rows[0][6]], ["en", "0.0 %", "+0.0", "0.0 %"]]
    assert golden_command(url, "baseline", tmp_path).returncode == 0
    assert GoldenStore(connect(url)).baseline() == runs[0]


def test_a_runner_that_is_killed_leaves_no_litter_behind_the_next_run(tmp_path: Path) -> None:
    golden_set = write_set(tmp_path / "set", en=HEARD)
    (golden_set / "silence.wav").write_bytes(silence_wav(3600, rate=100))
    with Cluster(
        tmp_path / "cluster",
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.1",
        CLEAN_UP_SECONDS="1",
        GOLDEN_SET_KEY=secrets.token_hex(32),
        GOLDEN_SET_DIR=str(golden_set),
    ) as cluster:
        cluster.start(workers=1)
        settings = {"GOLDEN_SET_HOURS": "24", "GOLDEN_SET_URL": cluster.base_url()}
        first = cluster.start_beat(**settings)
        orphan = awaited_job(cluster)
        until(lambda: True if cluster.redis.hget(KEYS.work(orphan), "status") == "processing" else None, 30)
        first.kill()
        assert left(cluster.redis) != []

        cluster.redis.delete(KEYS.golden_lease, KEYS.golden_due)  # as if both had lapsed
        (golden_set / "silence.wav").write_bytes(silence_wav(1.3, rate=8000))
        second = cluster.start_beat(**settings)
        (run,) = awaited_runs(cluster.valkey_url, 1)
        assert run.languages["en"].wer == 0
        assert left(cluster.redis) == []
        assert traces(cluster.redis, [orphan]) == [f"{orphan} in {KEYS.audit}"]

        # One that is told to stop stops, and the next beat begins anew.
        (golden_set / "silence.wav").write_bytes(silence_wav(3600, rate=100))
        GoldenStore(connect(cluster.valkey_url)).set_due(in_seconds=0)
        awaited_job(cluster)
        second.terminate()
        second.wait(30)
        assert GoldenStore(connect(cluster.valkey_url)).is_due()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "GOLDEN_SET_KEY"),
        ({"GOLDEN_SET_KEY": "x" * 32, "GOLDEN_SET_DIR": "missing"}, "GOLDEN_SET_DIR"),
        ({"GOLDEN_SET_KEY": "short"}, "GOLDEN_SET_KEY"),
    ],
)
def test_what_is_missing_is_told_at_once(tmp_path: Path, valkey_url: str, settings: dict[str, str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "worker.beat"],
        cwd=tmp_path,
        env=environment(GOLDEN_SET_HOURS="1", REDIS_URL=valkey_url, PYTHONPATH=str(REPOSITORY), **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 78
    assert said in ended.stderr
    assert "short" not in ended.stderr


def test_the_set_that_ships_is_understood(tmp_path: Path) -> None:
    with Service(tmp_path, GOLDEN_SET_HOURS="24") as service:
        (run,) = awaited_runs(valkey_url(service), 1, seconds=120)
    shipped = GoldenSet.read(SHIPPED)
    assert run.set_digest == shipped.digest
    assert set(run.languages) == {reference.language for reference in shipped.references}
    assert {language: rates.wer for language, rates in run.languages.items() if rates.wer > 0.5} == {}
    assert run.languages["en"].wer < 0.1
