"""`scriptorium bench` as its user meets it: with the real model, with what isn't there, and stopped half-way."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.harness.process_tree import alive, process_tree
from tests.harness.service import environment, until
from tests.media import clip

COMMAND = [sys.executable, "-m", "cli.main", "bench"]
RunBench: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
ONE_SHAPE = ["--replicas", "1", "--threads", "1", "--batch-sizes", "2", "--quality", "fast"]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files alone; not pytest's, whose path is too long for a socket below it."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


def surroundings(temporary: Path, **settings: str) -> Mapping[str, str]:
    return environment(TMPDIR=str(temporary), HF_HUB_OFFLINE="1", COLUMNS="200", **settings)


@pytest.fixture
def run_bench(tmp_path: Path, temporary: Path) -> RunBench:
    """Run it to its end; it leaves no temporary file."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=surroundings(temporary, **settings),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert list(temporary.iterdir()) == []
        return ended

    return run


@pytest.mark.parametrize("own", [False, True], ids=["sample", "own-audio"])
def test_a_shape_is_measured(run_bench: RunBench, tmp_path: Path, own: bool) -> None:
    clips = [str(clip("garden")), str(clip("station"))]
    ended = run_bench(*ONE_SHAPE, "--device", "cpu", "--json", "out.json", *(["--audio", *clips] if own else []))
    assert ended.returncode == 0, ended.stderr
    (row,) = [line.split("\t") for line in ended.stdout.splitlines()]
    assert row[:2] == ["base", "fast"]
    assert row[2].startswith("cpu ")
    assert row[3:5] == ["1 x 1", "2"]
    rtf, speed, peak_mib = (float(cell) for cell in row[5:8])
    assert rtf * speed == pytest.approx(1, rel=0.02)
    assert 0.2 < speed < 1000
    assert 150 < peak_mib < 4000
    assert ("your recordings" if own else "sample") in ended.stderr

    document = json.loads((tmp_path / "out.json").read_text())
    (found,) = document["measurements"]
    assert found["rtf"] == pytest.approx(found["wall_seconds"] / found["audio_seconds"])
    assert found["audio_seconds"] > (2 * 4 if own else 16 * 3)
    assert found["jobs"] % (2 if own else 16) == 0
    (capacity,) = document["capacity"]
    assert capacity["audio_hours_per_hour"] == pytest.approx(1 / found["rtf"])
    assert f"you need {capacity['workers']} such worker" in ended.stderr
    assert capacity["settings"]["BATCH_SIZE"] == "2"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--models", "no-such-model"], 1, "Model 'no-such-model'"),
        (["--device", "tpu"], 2, "tpu"),
        (["--audio", "nowhere.mp3"], 2, "nowhere.mp3"),
        (["--audio", "text.mp3"], 1, "text.mp3 can't be used as audio"),
        (["--replicas", "none"], 2, "'none' is no whole number"),
        (["--quality", "superb"], 2, "fast, balanced, accurate"),
        (["--json", "no/such/folder.json"], 2, "no folder"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    run_bench: RunBench, tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    (tmp_path / "text.mp3").write_text("This is a shopping list.\n" * 20)
    ended = run_bench(*arguments)
    assert ended.returncode == status
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_gpu_that_is_not_there_is_no_cpu(run_bench: RunBench) -> None:
    ended = run_bench("--device", "cuda", CUDA_VISIBLE_DEVICES="")
    assert ended.returncode == 1
    assert "no usable CUDA device" in ended.stderr


def test_ctrl_c_ends_it_with_what_was_measured_and_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    said = tmp_path / "said"
    with said.open("w") as stderr:
        process = subprocess.Popen(
            [*COMMAND, "--replicas", "1", "--batch-sizes", "2,3,4", "--quality", "fast", "--json", "out.json"],
            cwd=tmp_path,
            env=surroundings(temporary),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    try:
        until(lambda: True if "batches of 3" in said.read_text() or process.poll() else None, 180, said.read_text)
        tree = until(lambda: process_tree(process.pid) or None, 30, said.read_text)
        os.kill(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert len(output.splitlines()) == 1
    assert "Stopped; this was measured by then." in said.read_text()
    assert len(json.loads((tmp_path / "out.json").read_text())["measurements"]) == 1
    until(lambda: None if any(alive(pid) for pid in tree) else True, 5)
    assert list(temporary.iterdir()) == []


def test_nothing_outlives_a_killed_bench(tmp_path: Path, temporary: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, *ONE_SHAPE],
        cwd=tmp_path,
        env=surroundings(temporary),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        tree = until(lambda: process_tree(process.pid) or None, 60)
    finally:
        process.kill()
        process.wait()
    until(lambda: None if any(alive(pid) for pid in tree) else True, 15)
