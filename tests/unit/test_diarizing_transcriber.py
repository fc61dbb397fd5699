"""Segments are told with their speakers, numbered as they appear, and an attempt that goes on keeps the numbers."""

from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import FailureCode, TranscriptionFailure
from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo, Word
from tests.media import clip, samples_of, silence_wav, wav_of
from tests.transcripts import a_segment
from worker.decoder import Decoder
from worker.diarization.timeline import Timeline, Turn
from worker.diarization.transcriber import DiarizingTranscriber
from worker.transcriber import NOTHING_KNOWN, Checkpoint, Passage

INFO = TranscriptInfo(language="en", language_probability=1.0, duration_seconds=12.0)
BY_VOICE = TranscriptionOptions(diarize=True)
BY_CHANNEL = TranscriptionOptions(diarize=True, channels="split")


def words(text: str, start: float, end: float) -> list[Word]:
    spoken = text.split()
    step = (end - start) / len(spoken)
    return [
        Word(word=f" {word}", start=start + step * at, end=start + step * (at + 1), probability=1.0)
        for at, word in enumerate(spoken)
    ]


def said(text: str, start: float, end: float, number: int = 0, channel: int | None = None) -> Segment:
    return a_segment(f" {text}", start, end, words(text, start, end), number, channel=channel)


SAID = (
    said("the train is late again", 0, 2),
    said("is it? it is and I am cold", 2, 6),
    said("take my coat", 6, 8),
    said("thank you very much", 8, 12),
)
TURNS = ((0, 2, 5), (2, 3, 3), (3, 6, 5), (6, 8, 3), (8, 12, 5))


class Speaks:
    """Transcribes one segment a passage, those that are not committed yet."""

    device = "none"
    compute_type = "none"

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self.asked: TranscriptionOptions | None = None
        self.is_closed = False

    def transcribe(
        self, _media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        self.asked = options
        done = checkpoint.end_seconds if checkpoint else 0.0
        try:
            for segment in self._segments:
                if segment.end > done:
                    yield Passage(INFO, (segment,), segment.end, 12.0)
            yield Passage(INFO, (), 12.0, 12.0)
        finally:
            self.is_closed = True


class Hears:
    """Hears these turns in whatever it is given."""

    def __init__(self, *turns: tuple[float, float, int]) -> None:
        self._timeline = Timeline([Turn(*turn) for turn in turns])
        self.asked: dict[str, int] = {}
        self.seconds = 0.0

    def timeline(self, audio: Iterable[NDArray[np.float32]], **bounds: int) -> Generator[float, None, Timeline]:
        self.asked = bounds
        for window in audio:
            assert len(window) == 1
            self.seconds += window.shape[1] / 16_000
            yield self.seconds
        return self._timeline


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(max_audio_seconds=60, timeout_seconds=30)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    path = tmp_path / "media"
    path.write_bytes(silence_wav(12))
    return path


def told(passages: Iterable[Passage]) -> list[tuple[int, str, int | None]]:
    return [(each.id, each.text.strip(), each.speaker) for passage in passages for each in passage.segments]


def test_speakers_are_numbered_as_they_appear_and_segments_are_parted_between_them(
    decoder: Decoder, media: Path
) -> None:
    passages = list(DiarizingTranscriber(Speaks(SAID), decoder, Hears(*TURNS)).transcribe(media, BY_VOICE))
    assert told(passages) == [
        (1, "the train is late again", 1),
        (2, "is it?", 2),
        (3, "it is and I am cold", 1),
        (4, "take my coat", 2),
        (5, "thank you very much", 1),
    ]
    assert passages[0] == Passage(NOTHING_KNOWN, (), 0.0, None)
    assert passages[-1].info == INFO


def test_words_are_there_only_if_they_were_asked_for(decoder: Decoder, media: Path) -> None:
    inner = Speaks(SAID)
    without = list(DiarizingTranscriber(inner, decoder, Hears(*TURNS)).transcribe(media, BY_VOICE))
    assert inner.asked is not None
    assert inner.asked.word_timestamps
    assert {each.words for passage in without for each in passage.segments} == {None}
    asked = BY_VOICE.model_copy(update={"word_timestamps": True})
    with_words = list(DiarizingTranscriber(inner, decoder, Hears(*TURNS)).transcribe(media, asked))
    spelled = ["".join(word.word for word in each.words or ()) for passage in with_words for each in passage.segments]
    assert spelled == [each.text for passage in with_words for each in passage.segments]


@pytest.mark.parametrize("renamed", [{5: 5, 3: 3}, {5: 0, 3: 9}])
def test_an_attempt_that_goes_on_anywhere_keeps_the_numbers(
    decoder: Decoder, media: Path, renamed: dict[int, int]
) -> None:
    """Even if the voices are heard in another order."""
    whole = list(DiarizingTranscriber(Speaks(SAID), decoder, Hears(*TURNS)).transcribe(media, BY_VOICE))
    segments = [each for passage in whole for each in passage.segments]
    again = Hears(*((start, end, renamed[voice]) for start, end, voice in TURNS))
    for done in (1, 3, 4):
        checkpoint = Checkpoint(INFO, segments[:done])
        rest = DiarizingTranscriber(Speaks(SAID), decoder, again).transcribe(media, BY_VOICE, checkpoint)
        passages = list(rest)
        assert [each for passage in passages for each in passage.segments] == segments[done:]
        assert passages[0] == Passage(INFO, (), checkpoint.end_seconds, None)


def test_a_channel_is_a_speaker_once_it_speaks(decoder: Decoder, media: Path) -> None:
    spoken = [said("hello", 0, 1, channel=3), said("hello you", 1, 2, channel=1), said("well", 2, 3, channel=3)]
    transcriber = DiarizingTranscriber(Speaks(spoken), decoder, None)
    passages = list(transcriber.transcribe(media, BY_CHANNEL))
    assert told(passages) == [(1, "hello", 1), (2, "hello you", 2), (3, "well", 1)]
    committed = [passage.segments[0] for passage in passages[:2]]
    rest = list(transcriber.transcribe(media, BY_CHANNEL, Checkpoint(INFO, committed)))
    assert told(rest) == [(3, "well", 1)]


def stereo(media: Path) -> Path:
    one, other = samples_of(clip("station")), samples_of(clip("library"))
    media.write_bytes(wav_of(np.append(one, np.zeros_like(other)), np.append(np.zeros_like(one), other)))
    return media


def test_stereo_of_two_speakers_is_told_apart_by_channel(decoder: Decoder, media: Path) -> None:
    inner = Speaks([said("hello", 0, 1, channel=2), said("hello you", 1, 2, channel=1)])
    transcriber = DiarizingTranscriber(inner, decoder, Hears((0, 12, 1)))
    passages = list(transcriber.transcribe(stereo(media), BY_VOICE))
    assert told(passages) == [(1, "hello", 1), (2, "hello you", 2)]
    assert inner.asked is not None
    assert inner.asked.channels == "split"
    assert not inner.asked.word_timestamps
    rest = list(transcriber.transcribe(media, BY_VOICE, Checkpoint(INFO, passages[-3].segments)))
    assert told(rest) == [(2, "hello you", 2)]


@pytest.mark.parametrize("bounds", [{"min_speakers": 3}, {"max_speakers": 1}])
def test_two_channels_are_no_more_and_no_fewer_speakers_than_two(
    decoder: Decoder, media: Path, bounds: dict[str, int]
) -> None:
    diarizer = Hears((0, 12, 1))
    options = BY_VOICE.model_copy(update=bounds)
    list(DiarizingTranscriber(Speaks(SAID), decoder, diarizer).transcribe(stereo(media), options))
    assert diarizer.asked["at_least"] == bounds.get("min_speakers", 1)
    assert diarizer.asked["at_most"] == bounds.get("max_speakers", 20)


def test_a_clip_is_heard_alone_and_timed_as_part_of_the_whole(decoder: Decoder, media: Path) -> None:
    diarizer = Hears((0, 2, 1), (2, 4, 2))
    clipped = BY_VOICE.model_copy(update={"clip_start_seconds": 4.0, "clip_end_seconds": 8.0})
    spoken = [said("one", 4, 5), said("two", 7, 8)]
    passages = list(DiarizingTranscriber(Speaks(spoken), decoder, diarizer).transcribe(media, clipped))
    assert told(passages) == [(1, "one", 1), (2, "two", 2)]
    assert passages[0].end_seconds == 4.0
    assert diarizer.seconds == pytest.approx(4.0)


def test_without_a_model_there_is_no_speaker_rather_than_a_wrong_one(decoder: Decoder, media: Path) -> None:
    with pytest.raises(TranscriptionFailure) as failed:
        list(DiarizingTranscriber(Speaks(SAID), decoder, None).transcribe(media, BY_VOICE))
    assert failed.value.failure is FailureCode.DIARIZATION_UNAVAILABLE


@pytest.mark.parametrize("options", [{}, {"channels": "split"}])
def test_who_asks_for_no_speakers_gets_what_was_transcribed(
    decoder: Decoder, media: Path, options: dict[str, Any]
) -> None:
    inner = Speaks(SAID)
    asked = TranscriptionOptions.model_validate(options)
    passages = list(DiarizingTranscriber(inner, decoder, None).transcribe(media, asked))
    assert passages == list(inner.transcribe(media, asked))


def test_whoever_stops_early_stops_the_inner_one(decoder: Decoder, media: Path) -> None:
    inner = Speaks(SAID)
    passages = DiarizingTranscriber(inner, decoder, Hears(*TURNS)).transcribe(media, BY_VOICE)
    while not next(passages).segments:
        pass
    passages.close()
    assert inner.is_closed
