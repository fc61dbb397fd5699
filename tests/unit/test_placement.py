"""Where the model computes: what was asked for, and the best of what is there for what was left open."""

import os

import ctranslate2
import pytest
from structlog.testing import capture_logs

from worker.engine.whisper import Placement


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    return 8


def choose(
    *,
    device: str = "auto",
    compute_type: str | None = None,
    replicas: int = 0,
    compute_threads: int = 0,
    batch_size: int = 0,
) -> Placement:
    return Placement.choose(
        device=device,
        compute_type=compute_type,
        replicas=replicas,
        compute_threads=compute_threads,
        batch_size=batch_size,
    )


def with_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: count)


@pytest.mark.parametrize(
    ("device", "gpus", "expected"),
    [
        ("auto", 0, "cpu"),
        ("auto", 1, "cuda"),
        ("auto", 4, "cuda"),
        ("cpu", 0, "cpu"),
        ("cpu", 1, "cpu"),
        ("cuda", 0, "cpu"),
        ("cuda", 1, "cuda"),
    ],
)
@pytest.mark.usefixtures("cores")
def test_the_device_is_the_one_asked_for_if_it_is_there(
    monkeypatch: pytest.MonkeyPatch, device: str, gpus: int, expected: str
) -> None:
    with_gpus(monkeypatch, gpus)
    placement = choose(device=device)
    assert placement.device == expected
    defaults = {"cpu": ("int8", 8, 1, 4), "cuda": ("float16", 1, 0, 32)}
    assert (
        placement.compute_type,
        placement.replicas,
        placement.compute_threads,
        placement.batch_size,
    ) == defaults[expected]


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize("gpus", [0, 1])
def test_what_was_given_is_kept(monkeypatch: pytest.MonkeyPatch, gpus: int) -> None:
    with_gpus(monkeypatch, gpus)
    placement = choose(compute_type="float32", replicas=3, compute_threads=5, batch_size=7)
    assert placement == Placement("cuda" if gpus else "cpu", "float32", 3, 5, 7)


@pytest.mark.parametrize(
    ("replicas", "compute_threads", "expected"),
    [
        (0, 0, (8, 1)),
        (0, 1, (8, 1)),
        (0, 3, (2, 3)),
        (0, 8, (1, 8)),
        (0, 16, (1, 16)),
        (1, 0, (1, 8)),
        (3, 0, (3, 2)),
        (8, 0, (8, 1)),
        (16, 0, (16, 1)),
        (2, 2, (2, 2)),
    ],
)
@pytest.mark.usefixtures("cores")
def test_the_cores_are_shared_out_between_replicas_and_their_threads(
    monkeypatch: pytest.MonkeyPatch, replicas: int, compute_threads: int, expected: tuple[int, int]
) -> None:
    with_gpus(monkeypatch, 0)
    placement = choose(replicas=replicas, compute_threads=compute_threads)
    assert (placement.replicas, placement.compute_threads) == expected


def test_only_the_cores_that_this_process_may_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5, 17})
    assert choose().replicas == 2


@pytest.mark.usefixtures("cores")
def test_a_gpu_that_is_not_there_is_a_warning_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)
    with capture_logs() as logs:
        placement = choose(device="cuda")
    assert placement == Placement("cpu", "int8", 8, 1, 4)
    (warning,) = logs
    assert (warning["event"], warning["log_level"]) == ("no_gpu", "warning")
    assert "DEVICE=cuda" in warning["detail"]
    assert "DEVICE=cpu" in warning["detail"]
    assert "driver" in warning["detail"]


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.usefixtures("cores")
def test_a_gpu_that_nobody_asked_for_is_not_missed(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    with_gpus(monkeypatch, 0)
    with capture_logs() as logs:
        choose(device=device)
    assert logs == []


@pytest.mark.parametrize("compute_type", ["float16", "int8_float16", "bfloat16", "int8_bfloat16"])
@pytest.mark.usefixtures("cores")
def test_an_arithmetic_for_a_gpu_that_is_not_there_gives_way_to_one_that_works(
    monkeypatch: pytest.MonkeyPatch, compute_type: str
) -> None:
    with_gpus(monkeypatch, 0)
    with capture_logs():
        placement = choose(device="cuda", compute_type=compute_type)
    assert placement.device == "cpu"
    assert placement.compute_type in ctranslate2.get_supported_compute_types("cpu")
