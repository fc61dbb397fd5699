"""The test files are what they claim to be: the tests that use them rest on it."""

import io
import wave
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media import (
    AUDIO,
    TRANSCODINGS,
    Reference,
    Transcoding,
    clip,
    garbage,
    references,
    shared_speech,
    silence_wav,
    text_named_mp3,
    tone_wav,
    transcoded,
    truncated_flac,
    video_without_audio,
    wav_of_bytes,
    wav_without_samples,
    word_error_rate,
)


def decoded_seconds(audio: bytes) -> float:
    with av.open(io.BytesIO(audio), "r") as container:
        rate = container.streams.audio[0].rate
        return sum(frame.samples for frame in container.decode(audio=0)) / rate


def pcm(wav: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    with wave.open(io.BytesIO(wav)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")


@pytest.mark.parametrize("reference", references(), ids=lambda reference: reference.id)
def test_a_clip_is_16_khz_mono_flac_of_the_length_and_words_declared(reference: Reference) -> None:
    with av.open(str(reference.path)) as container:
        stream = container.streams.audio[0]
        assert (container.format.name, stream.rate, stream.channels) == ("flac", 16_000, 1)
    assert reference.path == clip(reference.id)
    assert decoded_seconds(reference.path.read_bytes()) == pytest.approx(reference.duration_seconds, abs=0.01)
    assert 3 <= reference.duration_seconds <= 15
    assert reference.text.replace(" ", "").isalpha()


def test_the_clips_are_all_listed_shortest_first_and_under_a_megabyte() -> None:
    clips = references()
    assert {reference.path for reference in clips} == set(AUDIO.glob("*.flac"))
    assert all(one.duration_seconds < next_.duration_seconds for one, next_ in pairwise(clips))
    assert sum(file.stat().st_size for file in AUDIO.iterdir()) < 1_000_000


def test_shared_speech_is_whole_or_absent() -> None:
    assert all(reference.path.is_file() and reference.text for reference in shared_speech())


def test_silence_is_silent_and_as_long_as_asked() -> None:
    silence = silence_wav(1.5, rate=8_000)
    assert pcm(silence).size == 12_000
    assert not pcm(silence).any()
    assert decoded_seconds(silence) == 1.5


def test_a_tone_has_its_frequency_and_amplitude() -> None:
    samples = pcm(tone_wav(1, hertz=1_000, amplitude=0.25))
    assert np.abs(np.fft.rfft(samples)).argmax() == 1_000
    assert np.abs(samples).max() == pytest.approx(0.25 * 32_767, abs=1)


def test_a_wav_without_samples_opens_and_decodes_to_nothing() -> None:
    assert len(wav_without_samples()) == 44
    assert decoded_seconds(wav_without_samples()) == 0


@pytest.mark.parametrize("size", [44, 1_045, 100_000, 100_001])
def test_a_wav_of_bytes_has_exactly_that_size_and_every_byte_of_it_counts(size: int) -> None:
    audio = wav_of_bytes(size)
    assert len(audio) == size
    assert decoded_seconds(audio) == (size - 44) / 16_000


def test_a_truncated_flac_declares_more_than_can_be_decoded() -> None:
    samples = 0
    with av.open(io.BytesIO(truncated_flac()), "r") as container:
        rate = container.streams.audio[0].rate
        assert container.duration is not None
        declared_seconds = container.duration / 1_000_000
        with pytest.raises(av.InvalidDataError):  # noqa: PT012 - the frames before the cut are the point
            for frame in container.decode(audio=0):
                samples += frame.samples
    assert declared_seconds == pytest.approx(decoded_seconds(clip("snow").read_bytes()))
    assert 0.3 < samples / rate / declared_seconds < 0.7


def test_a_video_without_audio_has_pictures_only() -> None:
    with av.open(io.BytesIO(video_without_audio()), "r") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert len(list(container.decode(video=0))) == 10


def test_text_named_mp3_is_text_that_no_demuxer_opens() -> None:
    assert text_named_mp3().isascii()
    with pytest.raises(av.InvalidDataError):
        av.open(io.BytesIO(text_named_mp3()))


@pytest.mark.parametrize("seed", range(20))
def test_garbage_repeats_is_no_text_and_opens_as_nothing(seed: int) -> None:
    nonsense = garbage(seed, 4_096)
    assert len(nonsense) == 4_096
    assert nonsense == garbage(seed, 4_096) != garbage(seed + 1, 4_096)
    with pytest.raises(UnicodeDecodeError):
        nonsense.decode()
    with pytest.raises(av.InvalidDataError):
        av.open(io.BytesIO(nonsense))


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
def test_a_transcoding_keeps_the_clips_length_in_the_container_named(transcoding: Transcoding) -> None:
    name, container, codec = transcoding
    audio = transcoded(clip("garden"), container, codec)
    with av.open(io.BytesIO(audio), "r") as opened:
        assert opened.streams.audio[0].codec.canonical_name in codec
        assert set(opened.format.name.split(",")) & {name, container}
    assert decoded_seconds(audio) == pytest.approx(decoded_seconds(clip("garden").read_bytes()), abs=0.2)


def test_a_transcoding_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "audio"
    path.write_bytes(silence_wav(0.1))
    first = transcoded(path, "flac", "flac")
    path.unlink()
    assert transcoded(path, "flac", "flac") is first


def test_the_word_error_rate_pools_words_and_forgives_spelling() -> None:
    assert word_error_rate([("I am twenty", "I'm 20."), ("the colour", "The color!")]) == 0
    assert word_error_rate([("one", "nought"), ("seven red apples", "seven red apples")]) == 25
