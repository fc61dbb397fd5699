"""An estimate follows what the lane did, and its range says how even that was."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.eta import Completion, Estimate, Pace, estimate_running, estimate_waiting, seconds_until_room

EVEN = [Completion(audio_seconds=10, interval_seconds=2, attempt_seconds=4)] * 20


def waiting(completions: list[Completion], **changed: object) -> Estimate:
    known = {
        "position": 1,
        "audio_seconds_ahead": 0.0,
        "audio_seconds": 10.0,
        "running": (10.0, 5.0),
        "slots": 2,
    } | changed
    estimate = estimate_waiting(Pace(completions), **known)  # type: ignore[arg-type]
    assert estimate is not None
    return estimate


def test_nothing_is_known_before_the_first_completion() -> None:
    assert estimate_waiting(Pace([]), position=1, audio_seconds_ahead=0, audio_seconds=5, running=(), slots=4) is None
    assert estimate_running(Pace([]), remaining_seconds=5, done_seconds=0, elapsed_seconds=3) is None


def test_nothing_is_known_of_a_lane_without_workers() -> None:
    assert estimate_waiting(Pace(EVEN), position=1, audio_seconds_ahead=0, audio_seconds=5, running=(), slots=0) is None


def test_a_job_that_finds_a_free_slot_takes_its_own_time() -> None:
    assert waiting(EVEN, running=(10.0,)) == Estimate(4, 4, 4)


def test_the_next_job_waits_for_the_first_slot_to_be_free() -> None:
    assert waiting(EVEN).seconds == pytest.approx(5 * 0.4 + 4)


def test_a_job_waits_for_the_audio_before_it() -> None:
    estimate = waiting(EVEN, position=6, audio_seconds_ahead=50.0)
    assert estimate.seconds == pytest.approx((50 + 15 - 5) * 0.2 + 4)
    assert [estimate.low_seconds, estimate.high_seconds] == pytest.approx([15, 17])


def test_audio_of_unknown_length_makes_a_range_from_a_message_to_a_lecture() -> None:
    known, guess = waiting(EVEN, running=(10.0,)), waiting(EVEN, running=(10.0,), is_guess=True)
    assert guess == Estimate(known.seconds, known.seconds / 6, known.seconds * 6)
    # Only its own audio is a guess, not what it waits for.
    known, guess = waiting(EVEN, position=6), waiting(EVEN, position=6, is_guess=True)
    assert guess.high_seconds - known.high_seconds == pytest.approx(5 * 4)
    fetching = estimate_running(Pace(EVEN), remaining_seconds=600, done_seconds=0, elapsed_seconds=3, is_guess=True)
    assert fetching == Estimate(240, 40, 1440)


def test_an_uneven_past_makes_a_wide_range() -> None:
    uneven = [Completion(10, 1, 2), Completion(10, 4, 8)] * 10
    even, wide = (
        waiting(EVEN, position=2, audio_seconds_ahead=100.0),
        waiting(uneven, position=2, audio_seconds_ahead=100.0),
    )
    assert wide.high_seconds - wide.low_seconds > 2 * (even.high_seconds - even.low_seconds)


def test_a_single_completion_is_not_trusted_far() -> None:
    estimate = waiting([Completion(10, 2, 4)], running=())
    assert (estimate.low_seconds, estimate.seconds, estimate.high_seconds) == (2, 4, 8)


def test_a_running_job_goes_by_its_own_pace_once_it_has_one() -> None:
    barely = estimate_running(Pace(EVEN), remaining_seconds=99, done_seconds=1, elapsed_seconds=10)
    own = estimate_running(Pace(EVEN), remaining_seconds=50, done_seconds=50, elapsed_seconds=100)
    assert barely is not None
    assert own is not None
    assert barely.seconds == pytest.approx(99 * 0.4)
    assert own.seconds == pytest.approx(100)
    assert own.low_seconds == pytest.approx(50 * 0.4)


def test_the_first_job_of_all_is_estimated_once_it_has_a_pace() -> None:
    own = estimate_running(Pace([]), remaining_seconds=50, done_seconds=50, elapsed_seconds=100)
    assert own == Estimate(100, 50, 200)


@given(
    st.lists(st.builds(Completion, st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4)), min_size=1, max_size=64),
    st.integers(1, 10**6),
    st.floats(0, 1e7),
)
def test_a_range_holds_its_estimate(completions: list[Completion], position: int, ahead: float) -> None:
    estimate = estimate_waiting(
        Pace(completions), position=position, audio_seconds_ahead=ahead, audio_seconds=10, running=(1, 2, 3, 4), slots=4
    )
    if estimate is not None:
        assert 0 <= estimate.low_seconds <= estimate.seconds * 1.0001 <= estimate.high_seconds * 1.0002


def test_four_of_five_jobs_fall_into_their_range() -> None:
    """A lane with two slots and files of mixed lengths and paces, played through."""
    draw = random.Random(7)
    inside = total = 0
    for _ in range(40):
        lengths = [draw.choice((5, 20, 60, 300)) * draw.uniform(0.5, 1.5) for _ in range(90)]
        played, free = [], [0.0, 0.0]
        for length in lengths:
            start = min(free)
            took = length * 0.2 * draw.uniform(0.7, 1.3)
            free[free.index(start)] = start + took
            played.append((start + took, start, length))
        history = sorted(played[:60])
        completions = [
            Completion(length, end - before, end - start)
            for (end, start, length), (before, *_) in zip(history[1:], history, strict=False)
        ]
        now = played[61][1]  # a slot has just been taken, all others wait
        running = [length * (end - now) / (end - start) for end, start, length in played[:62] if end > now]
        for place in range(62, 80):
            estimate = estimate_waiting(
                Pace([each for each, (end, *_) in zip(completions, history[1:], strict=True) if end <= now][::-1]),
                position=place - 61,
                audio_seconds_ahead=sum(lengths[62:place]),
                audio_seconds=lengths[place],
                running=running,
                slots=2,
            )
            assert estimate is not None
            inside += estimate.low_seconds <= played[place][0] - now <= estimate.high_seconds
            total += 1
    assert inside / total >= 0.8, inside / total


@pytest.mark.parametrize(
    ("completions", "jobs", "audio", "seconds"),
    [(EVEN, 1, 0.0, 2), (EVEN, 1, 100.0, 20), (EVEN, 5, 0.0, 10), ([], 1, 5.0, 60), (EVEN, 1, 1e9, 600)],
)
def test_a_full_lane_has_room_when_enough_is_done(
    completions: list[Completion], jobs: int, audio: float, seconds: int
) -> None:
    assert seconds_until_room(completions, jobs=jobs, audio_seconds=audio) == seconds
