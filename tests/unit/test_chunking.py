"""Chunks hold all speech once, none is too long, and how a stream was windowed changes none of them."""

import tracemalloc
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from faster_whisper.audio import decode_audio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.media import clip, references
from worker.audio import SAMPLE_RATE
from worker.engine.chunking import MAX_SECONDS, Chunk, chunks

FRAME_SECONDS = 0.032
"""What the detector tells apart."""


def spoken(name: str) -> NDArray[np.float32]:
    return np.asarray(decode_audio(str(clip(name))), dtype=np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def noise(seconds: float, *, scale: float = 0.1) -> NDArray[np.float32]:
    samples = np.random.default_rng(0).normal(scale=scale, size=round(seconds * SAMPLE_RATE))
    return samples.clip(-1, 1).astype(np.float32)


def tone(seconds: float) -> NDArray[np.float32]:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


@cache
def conversation() -> NDArray[np.float32]:
    """Two people of one recording, shape (2, n): all clips on the left, half of them on the right, out of step."""
    clips = [spoken(reference.id) for reference in references()]
    left = [piece for samples in clips for piece in (samples, silence(0.7))]
    right = [piece for samples in clips[::2] for piece in (silence(6.1), samples)]
    size = sum(map(len, left))
    return np.stack([np.concatenate(left), np.concatenate([*right, silence(size / SAMPLE_RATE)])[:size]])


def monologue(seconds: float) -> NDArray[np.float32]:
    """One voice without a pause worth the name: the middle of a sentence, again and again."""
    words = spoken("garden")[SAMPLE_RATE // 2 : 2 * SAMPLE_RATE]
    return np.resize(words, round(seconds * SAMPLE_RATE))


def cut(samples: NDArray[np.float32], *, vad_filter: bool = True, max_seconds: float = MAX_SECONDS) -> list[Chunk]:
    """Return the chunks of a stream that comes in one window, shape (n,) or (channels, n)."""
    return list(chunks([np.atleast_2d(samples)], vad_filter=vad_filter, max_seconds=max_seconds))


def end_seconds(chunk: Chunk) -> float:
    return chunk.start_seconds + chunk.duration_seconds


def windowed(samples: NDArray[np.float32], sizes: Iterable[int]) -> Iterator[NDArray[np.float32]]:
    position = 0
    for size in sizes:
        yield samples[:, position : position + size]
        position += size
    yield samples[:, position:]


def assert_same(one: list[Chunk], other: list[Chunk]) -> None:
    assert [(it.channel, it.start_seconds, it.speech) for it in one] == [
        (it.channel, it.start_seconds, it.speech) for it in other
    ]
    for mine, yours in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine.samples, yours.samples)


@pytest.mark.parametrize("vad_filter", [True, False])
@settings(max_examples=12, deadline=None)
@given(sizes=st.lists(st.one_of(st.integers(0, 2000), st.integers(0, 200_000)), max_size=60))
def test_windowing_changes_nothing(vad_filter: bool, sizes: list[int]) -> None:
    expected = cut(conversation(), vad_filter=vad_filter, max_seconds=8)
    assert_same(list(chunks(windowed(conversation(), sizes), vad_filter=vad_filter, max_seconds=8)), expected)


@pytest.mark.parametrize("vad_filter", [True, False])
@pytest.mark.parametrize("max_seconds", [5, 8.3, 20, 30])
def test_chunks_are_the_streams_own_samples_in_order_and_none_is_too_long(vad_filter: bool, max_seconds: float) -> None:
    found = cut(conversation(), vad_filter=vad_filter, max_seconds=max_seconds)
    assert [(it.start_seconds, it.channel) for it in found] == sorted((it.start_seconds, it.channel) for it in found)
    for channel in range(2):
        mine = [chunk for chunk in found if chunk.channel == channel]
        assert mine
        for chunk, following in pairwise(mine):
            assert end_seconds(chunk) <= following.start_seconds + 1e-9
        for chunk in mine:
            assert 0 < chunk.duration_seconds <= max_seconds
            start = round(chunk.start_seconds * SAMPLE_RATE)
            np.testing.assert_array_equal(
                chunk.samples, conversation()[channel, start : start + len(chunk.samples)], strict=True
            )
            assert all(0 <= begin < end <= chunk.duration_seconds for begin, end in chunk.speech)
            assert list(chunk.speech) == sorted(chunk.speech)
            assert chunk.speech_seconds == pytest.approx(sum(end - begin for begin, end in chunk.speech))


def speech_of(found: list[Chunk], channel: int) -> list[tuple[float, float]]:
    """Return the speech of a channel in the time of the stream, joined again where it was cut."""
    joined: list[tuple[float, float]] = []
    for chunk in found:
        for begin, end in chunk.speech if chunk.channel == channel else ():
            start = chunk.start_seconds + begin
            if joined and joined[-1][1] >= start - 1e-9:
                start = joined.pop()[0]
            joined.append((start, chunk.start_seconds + end))
    return joined


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("max_seconds", [5, 8.3, 20])
def test_no_speech_is_lost_or_told_twice_wherever_it_is_cut(channel: int, max_seconds: float) -> None:
    whole = speech_of(cut(conversation(), vad_filter=False, max_seconds=60), channel)
    assert len(whole) > 5
    for vad_filter in (True, False):
        pieces = cut(conversation(), vad_filter=vad_filter, max_seconds=max_seconds)
        assert speech_of(pieces, channel) == pytest.approx(np.array(whole))


@pytest.mark.parametrize("max_seconds", [5, 20])
def test_without_the_filter_chunks_follow_one_another_from_start_to_end(max_seconds: float) -> None:
    samples = np.concatenate([silence(30), spoken("snow"), noise(7.003)])
    found = cut(samples, vad_filter=False, max_seconds=max_seconds)
    np.testing.assert_array_equal(np.concatenate([chunk.samples for chunk in found]), samples)
    assert sum(chunk.speech_seconds for chunk in found) == pytest.approx(
        sum(chunk.speech_seconds for chunk in cut(samples)), abs=0.1
    )


@pytest.mark.parametrize("seconds", [0.1, 3, 45])
@pytest.mark.parametrize("sound", [silence, noise, tone])
def test_what_nobody_says_anything_in_gives_no_chunk(sound: type, seconds: float) -> None:
    assert cut(sound(seconds)) == []


@pytest.mark.parametrize("vad_filter", [True, False])
def test_no_samples_give_no_chunk(vad_filter: bool) -> None:
    assert list(chunks([], vad_filter=vad_filter)) == []
    assert cut(silence(0), vad_filter=vad_filter) == []


def test_a_chunk_keeps_a_little_of_the_silence_around_its_speech() -> None:
    (chunk,) = cut(np.concatenate([silence(10), spoken("garden"), silence(10)]))
    first, last = chunk.speech[0][0], chunk.speech[-1][1]
    assert chunk.start_seconds == pytest.approx(10, abs=0.5)
    assert 0.2 < first < 0.4
    assert 0.2 < chunk.duration_seconds - last < 0.4


@pytest.mark.parametrize(("pause_seconds", "count"), [(0.3, 1), (1.2, 1), (3, 2), (60, 2)])
def test_speech_is_parted_by_long_pauses_only(pause_seconds: float, count: int) -> None:
    found = cut(np.concatenate([spoken("garden"), silence(pause_seconds), spoken("kitchen")]), max_seconds=30)
    assert len(found) == count


@pytest.mark.parametrize("vad_filter", [True, False])
def test_what_is_too_long_is_cut_at_a_pause_and_not_at_a_word(vad_filter: bool) -> None:
    clips = [spoken(reference.id) for reference in references()]
    samples = np.concatenate([piece for samples in clips for piece in (samples, silence(1))])
    found = cut(samples, vad_filter=vad_filter, max_seconds=14)
    ends = np.cumsum([len(samples) / SAMPLE_RATE + 1 for samples in clips])
    for chunk in found[:-1]:
        assert np.abs(ends - 0.5 - end_seconds(chunk)).min() < 0.8


@pytest.mark.parametrize("seconds", [15.5, 18, 26, 70])
def test_speech_without_a_pause_is_cut_into_parts_of_which_none_is_tiny(seconds: float) -> None:
    found = cut(monologue(seconds))
    assert sum(chunk.duration_seconds for chunk in found) == pytest.approx(seconds, abs=1)
    assert all(4.5 < chunk.duration_seconds <= MAX_SECONDS for chunk in found)


@pytest.mark.parametrize("seconds", [0.25, 0.4])
def test_a_single_short_word_survives(seconds: float) -> None:
    # "The" and the beginning of "garden": a syllable or two.
    word = spoken("garden")[SAMPLE_RATE // 5 :][: round(seconds * SAMPLE_RATE)]
    for samples in (word, np.concatenate([silence(5), word, silence(5)])):
        (chunk,) = cut(samples)
        assert chunk.duration_seconds >= seconds - 2 * FRAME_SECONDS


def test_a_chunk_comes_as_soon_as_no_earlier_one_can() -> None:
    taken = 0

    def stream() -> Iterator[NDArray[np.float32]]:
        nonlocal taken
        samples = np.stack(
            [np.concatenate([spoken("garden"), silence(40)]), silence(40 + len(spoken("garden")) / 16e3)]
        )
        for window in np.array_split(samples, 400, axis=1):
            taken += window.shape[1]
            yield window

    first = next(chunks(stream(), vad_filter=True))
    assert first.channel == 0
    assert taken / SAMPLE_RATE < end_seconds(first) + 4


@pytest.mark.parametrize("vad_filter", [True, False])
def test_memory_does_not_grow_with_the_stream(vad_filter: bool) -> None:
    parts = monologue(60), silence(4), spoken("snow"), silence(4)
    seconds = np.split(np.concatenate(parts)[None, : 80 * SAMPLE_RATE], 80, axis=1)
    peaks = []
    for repetitions in (6, 18):  # it takes a few until cuts have met the parts in every way
        tracemalloc.start()
        try:
            found = chunks((second for _ in range(repetitions) for second in seconds), vad_filter=vad_filter)
            kept = sum(len(chunk.samples) for chunk in found if chunk.samples.base is None)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert kept / SAMPLE_RATE > 70 * repetitions
    assert peaks[1] < 1.05 * peaks[0]
    # What is looked at, the chunk that is made of it, the one before that the loop still holds, and some seconds.
    assert peaks[0] < 4 * SAMPLE_RATE * (3.5 * MAX_SECONDS + 10)
