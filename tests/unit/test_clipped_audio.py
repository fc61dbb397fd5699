"""A clip of a file is what lies between its two times, however the file comes."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import FailureCode, TranscriptionFailure
from tests.media import clip
from worker.audio import SAMPLE_RATE
from worker.decoder import Decoder
from worker.engine.stream import ClippedAudio

if TYPE_CHECKING:
    from worker.decoder import DecodedAudio


class Windows:
    """Decoded audio of windows of given sizes, whose samples count up; channel n is from n million on."""

    def __init__(self, sizes: list[int], *, header_seconds: float | None = None, channels: int = 1) -> None:
        self.header_seconds = header_seconds
        self.channels = channels
        self.taken = 0
        ends = itertools.accumulate(sizes)
        self._edges = [(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for begin, end in self._edges:
            self.taken += 1
            yield np.stack([np.arange(begin, end, dtype=np.float32) + 1e6 * number for number in range(self.channels)])


def clipped(windows: Windows, start_seconds: float = 0.0, end_seconds: float | None = None) -> ClippedAudio:
    return ClippedAudio(cast("DecodedAudio", windows), start_seconds=start_seconds, end_seconds=end_seconds)


def heard(audio: ClippedAudio) -> list[int]:
    """Return the samples of the first channel."""
    return [int(sample) for window in audio for sample in window[0]]


@given(
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=12),
    edges=st.lists(st.integers(0, 3000), min_size=2, max_size=2, unique=True).map(sorted),
    has_end=st.booleans(),
    header=st.sampled_from([None, 0.0, "right"]),
)
def test_a_clip_is_what_lies_between_its_edges_however_it_is_windowed(
    sizes: list[int], edges: list[int], has_end: bool, header: float | str | None
) -> None:
    total = sum(sizes)
    start, end = min(edges[0], total - 1), edges[1] if has_end else None
    if end is not None and end <= start:
        end = start + 1
    header_seconds = total / SAMPLE_RATE if header == "right" else cast("float | None", header)
    audio = clipped(
        Windows(sizes, header_seconds=header_seconds),
        start / SAMPLE_RATE,
        None if end is None else end / SAMPLE_RATE,
    )
    pieces = list(audio)
    assert all(piece.shape[1] for piece in pieces)
    samples = [int(sample) for piece in pieces for sample in piece[0]]
    assert samples == list(range(total))[start:end]


def test_all_channels_are_cut_alike() -> None:
    audio = clipped(Windows([100, 100], channels=3), 50 / SAMPLE_RATE, 150 / SAMPLE_RATE)
    whole = np.concatenate(list(audio), axis=1)
    assert [row.tolist() for row in whole] == [[1e6 * number + at for at in range(50, 150)] for number in range(3)]


@pytest.mark.parametrize("end_seconds", [None, 3.0, 9.0])
@pytest.mark.parametrize("header_seconds", [None, 1.0, 5.0])
def test_a_clip_outside_the_audio_is_a_fault_of_the_request(
    end_seconds: float | None, header_seconds: float | None
) -> None:
    windows = Windows([SAMPLE_RATE // 2, SAMPLE_RATE // 2], header_seconds=header_seconds)
    with pytest.raises(TranscriptionFailure) as failed:
        heard(clipped(windows, 2.5, end_seconds))
    assert failed.value.failure is FailureCode.CLIP_OUTSIDE_AUDIO
    assert failed.value.failure.is_media_fault
    assert "2.5" in failed.value.detail
    assert "1.00 s" in failed.value.detail


def test_a_clip_may_begin_at_the_last_sample_and_no_later() -> None:
    assert heard(clipped(Windows([100]), 99 / SAMPLE_RATE)) == [99]
    with pytest.raises(TranscriptionFailure):
        heard(clipped(Windows([100]), 100 / SAMPLE_RATE))


# The length


def test_where_the_header_has_a_length_nothing_behind_the_clip_is_decoded() -> None:
    windows = Windows([SAMPLE_RATE] * 10, header_seconds=10.0)
    audio = clipped(windows, 0.5, 2.5)
    assert len(heard(audio)) == 2 * SAMPLE_RATE
    assert windows.taken == 3
    assert not audio.has_ended
    assert (audio.decoded_seconds, audio.length_seconds) == (3.0, 10.0)


@pytest.mark.parametrize("header_seconds", [None, 0.0])
def test_without_a_length_in_the_header_all_is_decoded_to_know_it(header_seconds: float | None) -> None:
    windows = Windows([SAMPLE_RATE] * 10, header_seconds=header_seconds)
    audio = clipped(windows, 0.5, 2.5)
    assert len(heard(audio)) == 2 * SAMPLE_RATE
    assert windows.taken == 10
    assert audio.has_ended
    assert audio.length_seconds == 10.0


def test_what_has_come_is_counted_whether_it_is_in_the_clip_or_not() -> None:
    audio = clipped(Windows([SAMPLE_RATE] * 4), 2.5)
    counted = [audio.decoded_seconds for _ in audio]
    assert counted == [3.0, 4.0]


def test_the_length_is_the_headers_until_more_has_come_and_counted_at_the_end() -> None:
    audio = clipped(Windows([SAMPLE_RATE] * 4, header_seconds=2.5))
    assert audio.length_seconds == 2.5
    assert [audio.length_seconds for _ in audio] == [2.5, 2.5, 3.0, 4.0]
    assert audio.has_ended
    short = clipped(Windows([SAMPLE_RATE] * 2, header_seconds=2.5))
    heard(short)
    assert short.length_seconds == 2.0


def test_without_a_header_the_length_is_unknown_until_the_end() -> None:
    audio = clipped(Windows([SAMPLE_RATE] * 2))
    assert [audio.length_seconds for _ in audio] == [None, None]
    assert audio.length_seconds == 2.0


def test_a_clip_of_a_real_file_is_a_part_of_it() -> None:
    decoder = Decoder(max_audio_seconds=60, timeout_seconds=60, warm=1)
    whole = decoder.decode(clip("snow")).samples
    with decoder.open(clip("snow")) as decoded:
        part = np.concatenate(list(clipped(cast("Windows", decoded), 1.25, 7.5)), axis=1)[0]
    assert np.array_equal(part, whole[20_000:120_000])
