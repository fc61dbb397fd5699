"""What `bench` makes of its figures: shapes to try, the best one, the workers for so many users, the lists it takes."""

import math
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from cli.bench import _listed, _numbers, _words
from cli.capacity import PLANNED_LOAD, Demand, workers_needed
from cli.shapes import Wish, first_shapes, further_shapes
from cli.sizing_report import HEADERS, Report, best_of_each, settings_for
from core.sizing import Machine, Measurement, Quality, Shape, Speech
from worker.sizing import SAMPLE

DEMAND = Demand(users=100, audio_minutes_per_user_hour=6)


def machine(*, cores: int = 2, gpu: bool = False) -> Machine:
    speech = (Speech(path=Path("b.wav"), seconds=13), Speech(path=Path("a.wav"), seconds=3))
    return Machine(processor="Abacus", cores=cores, device="cuda" if gpu else "cpu", speech=speech)


def measurement(
    speed: float, *, model: str = "base", quality: Quality = "balanced", replicas: int = 2, batch_size: int = 4
) -> Measurement:
    return Measurement(
        model=model,
        quality=quality,
        device="cpu",
        compute_type="int8",
        shape=Shape(replicas=replicas, compute_threads=1, batch_size=batch_size),
        jobs_at_once=8,
        jobs=16,
        audio_seconds=10 * speed,
        wall_seconds=10,
        peak_memory_bytes=400 * 1024**2,
    )


def teams(wish: Wish, on: Machine) -> list[tuple[int, int]]:
    return [(shape.replicas, shape.compute_threads) for shape in first_shapes(wish, on, "balanced")]


@pytest.mark.parametrize(
    ("users", "minutes", "speed", "workers"),
    [
        (100, 6, 20, 1),  # 10 h/h of 14
        (100, 6, 14, 2),  # 10 h/h of 9.8
        (70, 6, 10, 1),  # 7 h/h of 7: just enough
        (71, 6, 10, 2),
        (100, 6, 5.15, 3),
        (1, 0, 0.01, 1),  # nobody sends anything: somebody may yet
    ],
)
def test_workers_are_demand_over_seventy_percent_of_speed(
    users: int, minutes: float, speed: float, workers: int
) -> None:
    assert workers_needed(Demand(users=users, audio_minutes_per_user_hour=minutes), speed) == workers


@given(
    users=st.integers(1, 10**6),
    minutes=st.floats(0, 60),
    speed=st.floats(0.01, 10_000),
)
def test_so_many_workers_suffice_and_one_less_would_not(users: int, minutes: float, speed: float) -> None:
    demand = Demand(users=users, audio_minutes_per_user_hour=minutes)
    workers = workers_needed(demand, speed)
    clears = PLANNED_LOAD * speed
    needed = demand.audio_hours_per_hour
    assert workers * clears >= needed or math.isclose(workers * clears, needed, rel_tol=1e-6)
    assert workers == 1 or (workers - 1) * clears < needed


def test_rtf_and_speed_are_each_others_inverse() -> None:
    found = measurement(20)
    assert found.speed == 20
    assert found.rtf == pytest.approx(1 / 20)


def test_cores_are_tried_as_replicas_and_as_a_team() -> None:
    assert teams(Wish(), machine(cores=1)) == [(1, 1)]
    assert teams(Wish(), machine(cores=2)) == [(2, 1), (1, 2)]
    assert teams(Wish(), machine(cores=8)) == [(8, 1), (4, 2), (1, 8)]
    assert teams(Wish(), machine(cores=8, gpu=True)) == [(1, 0)]


def test_what_is_left_open_is_filled_with_the_cores() -> None:
    assert teams(Wish(replicas=(1, 2, 9)), machine(cores=4)) == [(1, 4), (2, 2), (9, 1)]
    assert teams(Wish(compute_threads=(1, 2)), machine(cores=4)) == [(4, 1), (2, 2)]


def test_lists_are_tried_in_every_combination() -> None:
    wish = Wish(replicas=(1, 2), compute_threads=(1, 3), batch_sizes=(1, 8))
    found = first_shapes(wish, machine(), "fast")
    assert len(found) == len(set(found)) == 8
    assert further_shapes(wish, machine(), "fast", found[0]) == []


def test_other_batch_sizes_are_tried_with_the_best_team() -> None:
    best = Shape(replicas=1, compute_threads=2, batch_size=4)
    found = further_shapes(Wish(), machine(), "balanced", best)
    assert [(each.replicas, each.compute_threads, each.batch_size) for each in found] == [(1, 2, 1), (1, 2, 8)]


def test_batches_are_not_tried_where_there_are_none() -> None:
    assert len(first_shapes(Wish(replicas=(1,), batch_sizes=(1, 8)), machine(), "accurate")) == 1
    assert further_shapes(Wish(), machine(), "accurate", first_shapes(Wish(), machine(), "accurate")[0]) == []


def test_the_best_is_the_fastest_of_its_model_and_quality() -> None:
    slow, fast, tiny = measurement(10), measurement(20, batch_size=8), measurement(50, model="tiny")
    greedy = measurement(30, quality="fast")
    assert best_of_each([slow, fast, tiny, greedy]) == [fast, tiny, greedy]


def test_the_table_has_the_figures_and_marks_the_best() -> None:
    report = Report(machine(), "Speech.", DEMAND, [measurement(20), measurement(12.5, quality="accurate")])
    assert all(len(row) == len(HEADERS) for row in report.rows())
    first, second = report.rows()
    assert first == ("base", "balanced", "cpu int8", "2 x 1", "4", "0.05", "20", "400", "best")
    assert second[4] == "-"


def test_the_advice_says_how_many_workers_and_how_to_set_them_up() -> None:
    advice = "\n".join(Report(machine(), "", DEMAND, [measurement(5), measurement(8, batch_size=8)]).advice())
    assert "clears 8 hours of speech an hour" in advice
    assert (
        "100 users who each send 6 minutes of speech an hour (10 h/h), at 70% load, you need 2 such workers" in advice
    )
    assert "MODEL_REPLICAS=2\n  COMPUTE_THREADS=1\n  BATCH_SIZE=8\n" in advice


def test_the_settings_are_those_that_were_measured() -> None:
    assert settings_for(measurement(20, model="/models/own", quality="accurate")) == {
        "MODEL_SIZE": "/models/own",
        "MODEL_REPLICAS": "2",
        "COMPUTE_THREADS": "1",
        "WORKER_CONCURRENCY": "8",
    }


def test_lists_are_read() -> None:
    assert _listed(None, "--models") == []
    assert _listed("base, tiny,base", "--models") == ["base", "tiny"]
    assert _numbers("1, 2,02", "--replicas") == [1, 2]
    assert _words("fast,accurate", "--quality", ("fast", "balanced", "accurate")) == ["fast", "accurate"]


@pytest.mark.parametrize("text", ["", "1,", "0", "-1", "two", "1.5", "9999"])
def test_a_list_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        _numbers(text, "--replicas")
    with pytest.raises(typer.BadParameter):
        _words(text, "--quality", ("fast",))


def test_the_sample_is_the_clip_of_the_tests() -> None:
    assert SAMPLE.read_bytes() == (Path(__file__).parents[1] / "audio" / "snow.flac").read_bytes()
