"""The scripted transcriber gives the same text for the same length, at the speed it was told."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from core.errors import FailureCode, TranscriptionFailure
from core.options import TranscriptionOptions
from tests.media import (
    TRANSCODINGS,
    Transcoding,
    clip,
    garbage,
    silence_wav,
    text_named_mp3,
    tone_wav,
    transcoded,
    video_without_audio,
    wav_without_samples,
)
from worker.decoder import Decoder
from worker.scripted_transcriber import SEGMENT_SECONDS, ScriptedTranscriber
from worker.transcriber import Passage

OPTIONS = TranscriptionOptions()
DECODER = Decoder(max_audio_seconds=60, timeout_seconds=60)
AT_ONCE = ScriptedTranscriber(rtf=0, decoder=DECODER)


def first(passages: Iterator[Passage]) -> Passage:
    """Return the first passage, which knows the audio's length."""
    return next(passages)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return tmp_path / "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(("seconds", "count"), [(0.1, 1), (4.9, 1), (5, 1), (5.1, 2), (12.5, 3), (60, 12)])
def test_segments_follow_each_other_from_the_start_to_the_end(seconds: float, count: int, media: Path) -> None:
    media.write_bytes(silence_wav(seconds))
    passages = list(AT_ONCE.transcribe(media, OPTIONS))
    segments = [segment for passage in passages for segment in passage.segments]
    assert [passage.info.duration_seconds for passage in passages] == [pytest.approx(seconds)] * len(passages)
    assert [passage.end_seconds for passage in passages] == [0, *(segment.end for segment in segments)]
    assert [segment.id for segment in segments] == list(range(1, count + 1))
    assert segments[0].start == 0
    assert segments[-1].end == pytest.approx(seconds)
    assert all(one.end == next_.start for one, next_ in pairwise(segments))
    assert all(0 < segment.end - segment.start <= SEGMENT_SECONDS for segment in segments)
    assert all(segment.text.startswith(" ") and segment.text.strip() for segment in segments)


def test_the_text_depends_on_the_length_alone(tmp_path: Path) -> None:
    (tmp_path / "silence").write_bytes(silence_wav(12))
    (tmp_path / "tone").write_bytes(tone_wav(12))
    (tmp_path / "longer").write_bytes(silence_wav(13))
    silence, tone, longer = (
        [segment.text for passage in AT_ONCE.transcribe(tmp_path / name, OPTIONS) for segment in passage.segments]
        for name in ("silence", "tone", "longer")
    )
    assert silence == tone != longer


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
def test_any_container_tells_its_length(transcoding: Transcoding, media: Path) -> None:
    media.write_bytes(transcoded(clip("garden"), transcoding.container, transcoding.codec))
    info = first(AT_ONCE.transcribe(media, OPTIONS)).info
    assert info.duration_seconds == pytest.approx(4.73, abs=0.2)


class NoDecoder(Decoder):
    """Fails the test where a decoder's child would be started."""

    def header_seconds(self, media: Path) -> float | None:
        raise AssertionError(f"A decoder was asked for {media}.")


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le"])
@pytest.mark.parametrize("kept", [1, 0.5], ids=["whole", "cut short"])
def test_a_plain_wav_tells_its_length_without_a_decoder(codec: str, kept: float, media: Path) -> None:
    wav = transcoded(clip("garden"), "wav", codec)
    media.write_bytes(wav[: round(kept * len(wav))])
    transcriber = ScriptedTranscriber(rtf=0, decoder=NoDecoder(max_audio_seconds=60, timeout_seconds=60))
    seconds = first(transcriber.transcribe(media, OPTIONS)).info.duration_seconds
    assert seconds == pytest.approx(4.73 * kept, abs=0.02)


@pytest.mark.parametrize("offset", [4, 40], ids=["RIFF", "data"])
@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\xff\xff\xff\xff"], ids=["zero", "unknown"])
def test_a_wav_that_was_written_to_a_pipe_is_as_long_as_its_samples(offset: int, size: bytes, media: Path) -> None:
    wav = tone_wav(2)
    media.write_bytes(wav[:offset] + size + wav[offset + 4 :])
    assert first(AT_ONCE.transcribe(media, OPTIONS)).info.duration_seconds == 2


@pytest.mark.parametrize("codec", ["libmp3lame", "adpcm_ms", "pcm_mulaw", "flac"])
def test_a_wav_of_another_codec_tells_its_length_through_the_decoder(codec: str, media: Path) -> None:
    media.write_bytes(transcoded(clip("garden"), "wav", codec))
    assert first(AT_ONCE.transcribe(media, OPTIONS)).info.duration_seconds == pytest.approx(4.73, abs=0.2)


@pytest.mark.parametrize(("asked", "told"), [(None, "en"), ("de", "de")])
def test_the_language_is_the_one_asked_for(asked: str | None, told: str, media: Path) -> None:
    media.write_bytes(silence_wav(1))
    assert first(AT_ONCE.transcribe(media, TranscriptionOptions(language=asked))).info.language == told


def test_it_takes_its_time_segment_by_segment(media: Path) -> None:
    media.write_bytes(silence_wav(10))
    began = time.monotonic()
    passages = ScriptedTranscriber(rtf=0.02, decoder=DECODER).transcribe(media, OPTIONS)
    times = [time.monotonic() - began for _ in passages]
    assert times[1] >= 0.1  # for the first 5 s of audio
    assert times[2] >= 0.2


def test_a_file_without_samples_has_no_segments(media: Path) -> None:
    media.write_bytes(wav_without_samples())
    (passage,) = AT_ONCE.transcribe(media, OPTIONS)
    assert (passage.info.duration_seconds, passage.segments) == (0, ())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (text_named_mp3(), FailureCode.AUDIO_UNDECODABLE),
        (garbage(3, 5_000), FailureCode.AUDIO_UNDECODABLE),
        (video_without_audio(), FailureCode.NO_AUDIO_STREAM),
        (None, FailureCode.MEDIA_MISSING),
    ],
    ids=["text", "garbage", "video only", "missing"],
)
def test_what_is_no_audio_fails_as_with_the_real_engine(
    content: bytes | None, expected: FailureCode, media: Path
) -> None:
    if content is not None:
        media.write_bytes(content)
    with pytest.raises(TranscriptionFailure) as failed:
        first(AT_ONCE.transcribe(media, OPTIONS))
    assert failed.value.failure is expected


def test_it_says_that_it_computes_nowhere() -> None:
    assert (AT_ONCE.device, AT_ONCE.compute_type) == ("none", "scripted")
