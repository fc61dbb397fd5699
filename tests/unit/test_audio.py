"""Decoding gives what Whisper hears, whole and at its right length, or says why it can't."""

import io
import random
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import FailureCode, TranscriptionFailure
from tests.abuse.mutations import mutants, whole_files
from tests.media import (
    TRANSCODINGS,
    Reference,
    Transcoding,
    amr_wb,
    clip,
    garbage,
    references,
    silence_wav,
    text_named_mp3,
    tone_wav,
    transcoded,
    truncated_flac,
    video_without_audio,
    wav_without_samples,
)
from worker.audio import SAMPLE_RATE, Audio
from worker.decoder import Decoder

LONG_ENOUGH = 60.0
"""More seconds than any clip has."""


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Return where a test may write its file, named as the product names uploads."""
    return tmp_path / "0123456789abcdef0123456789abcdef"


@cache
def decoder(max_seconds: float) -> Decoder:
    return Decoder(max_audio_seconds=max_seconds, timeout_seconds=60, warm=1)


def decode(media: Path, *, max_seconds: float = LONG_ENOUGH) -> Audio:
    return decoder(max_seconds).decode(media)


def decode_apart(media: Path, *, max_seconds: float = LONG_ENOUGH) -> NDArray[np.float32]:
    """Return samples of shape (channels, samples)."""
    with decoder(max_seconds).open(media, split_channels=True) as audio:
        samples = np.concatenate(list(audio), axis=1)
        assert samples.shape[0] == audio.channels
    return samples


def header_seconds(media: Path) -> float | None:
    return decoder(LONG_ENOUGH).header_seconds(media)


def decoded(media: Path, content: bytes) -> Audio:
    media.write_bytes(content)
    return decode(media)


def failure(media: Path, *, max_seconds: float = LONG_ENOUGH) -> TranscriptionFailure:
    with pytest.raises(TranscriptionFailure) as failed:
        decode(media, max_seconds=max_seconds)
    return failed.value


def pcm_wav(samples: NDArray[np.generic], *, rate: int = SAMPLE_RATE) -> bytes:
    """Return WAV of samples of shape (frames, channels); unsigned 8, signed 16 or 32 bits by their type."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(samples.shape[1])
        writer.setsampwidth(samples.dtype.itemsize)
        writer.setframerate(rate)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def sine(seconds: float, *, rate: int = SAMPLE_RATE, amplitude: float = 0.5) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float]:
    """Return the greatest correlation of two recordings, from -1 to 1, and the shift in seconds that gives it."""
    size = len(one) + len(other)
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    correlation = np.fft.irfft(spectrum, size) / np.sqrt(np.sum(one**2.0) * np.sum(other**2.0))
    shift = int(np.argmax(correlation))
    return float(correlation[shift]), (shift if shift < len(one) else shift - size) / SAMPLE_RATE


@pytest.mark.parametrize("reference", references(), ids=lambda reference: reference.id)
def test_a_clip_is_as_long_as_declared(reference: Reference) -> None:
    audio = decode(reference.path)
    assert audio.duration_seconds == pytest.approx(reference.duration_seconds, abs=0.01)
    assert header_seconds(reference.path) == pytest.approx(reference.duration_seconds, abs=0.01)


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
@pytest.mark.parametrize("name", ["garden", "kitchen"])
def test_a_transcoding_sounds_like_the_clip_it_was_made_of(name: str, transcoding: Transcoding, media: Path) -> None:
    original = decode(clip(name))
    audio = decoded(media, transcoded(clip(name), transcoding.container, transcoding.codec))
    assert audio.duration_seconds == pytest.approx(original.duration_seconds, abs=0.2)
    correlation, shift = alike(audio.samples, original.samples)
    assert correlation > 0.95
    assert abs(shift) < 0.1
    told = header_seconds(media)
    assert told is not None
    assert told == pytest.approx(original.duration_seconds, abs=0.2)


def test_another_clip_does_not_pass_for_it() -> None:
    garden, kitchen = (decode(clip(name)).samples for name in ("garden", "kitchen"))
    assert alike(garden, kitchen)[0] < 0.5
    assert alike(garden[800:], garden)[1] == pytest.approx(-0.05)


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
def test_samples_are_what_whisper_takes(transcoding: Transcoding, media: Path) -> None:
    samples = decoded(media, transcoded(clip("garden"), transcoding.container, transcoding.codec)).samples
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert samples.flags.c_contiguous
    assert 0.1 < np.abs(samples).max() <= 1


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000])
def test_any_rate_becomes_16_khz(rate: int, media: Path) -> None:
    audio = decoded(media, tone_wav(2, hertz=440, amplitude=0.5, rate=rate))
    assert len(audio.samples) == 2 * SAMPLE_RATE  # the resampler's last ones too
    spectrum = np.abs(np.fft.rfft(audio.samples[: 1 * SAMPLE_RATE]))
    assert spectrum.argmax() == 440
    assert np.abs(audio.samples).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("dtype", "scale", "middle"), [(np.uint8, 127, 128), (np.dtype("<i2"), 32_767, 0), (np.dtype("<i4"), 2**31 - 1, 0)]
)
def test_any_sample_width_has_the_same_loudness(
    dtype: "np.dtype[np.generic]", scale: int, middle: int, media: Path
) -> None:
    samples = (sine(1) * scale + middle).astype(dtype)
    audio = decoded(media, pcm_wav(samples.reshape(-1, 1)))
    assert np.abs(audio.samples - sine(1)).max() < 0.02


def test_full_scale_stays_between_minus_one_and_one(media: Path) -> None:
    square = np.tile(np.repeat(np.array([-32_768, 32_767], dtype="<i2"), 40), 100)
    samples = decoded(media, pcm_wav(square.reshape(-1, 1))).samples
    assert (samples.min(), samples.max()) == (-1, pytest.approx(1, abs=1e-4))


@pytest.mark.parametrize(
    ("left", "right", "mixed"),
    [(0.5, 0.5, 0.5), (0.5, 0, 0.25), (0, 0.5, 0.25), (0.5, -0.5, 0)],
    ids=["both", "left", "right", "opposite"],
)
def test_two_channels_are_mixed_evenly(left: float, right: float, mixed: float, media: Path) -> None:
    wave_form = sine(1, amplitude=1)
    stereo = np.stack([left * wave_form, right * wave_form], axis=1)
    audio = decoded(media, pcm_wav((stereo * 32_767).astype("<i2")))
    assert audio.duration_seconds == pytest.approx(1, abs=0.001)
    assert np.abs(audio.samples - mixed * wave_form).max() < 0.01


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44_100])
def test_channels_stay_apart_in_their_order(channels: int, rate: int, media: Path) -> None:
    hertz = 300 * (1 + np.arange(channels))
    waves = 0.5 * np.sin(2 * np.pi * np.outer(np.arange(31 * rate) / rate, hertz))
    media.write_bytes(pcm_wav((waves * 32_767).astype("<i2"), rate=rate))
    samples = decode_apart(media)
    assert samples.shape == (channels, 31 * SAMPLE_RATE)
    assert samples.dtype == np.float32
    assert samples.flags.c_contiguous
    # Either side of the border between two windows as well.
    for second in (0, 29, 30):
        spectra = np.abs(np.fft.rfft(samples[:, second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE]))
        assert spectra.argmax(axis=1).tolist() == hertz.tolist()
    # The bound is on the length, whatever the channels.
    assert decode_apart(media, max_seconds=31).shape[1] == 31 * SAMPLE_RATE
    with pytest.raises(TranscriptionFailure) as failed:
        decode_apart(media, max_seconds=30.9)
    assert failed.value.failure is FailureCode.AUDIO_TOO_LONG


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
def test_one_channel_apart_is_what_it_is_mixed_down(transcoding: Transcoding, media: Path) -> None:
    media.write_bytes(transcoded(clip("garden"), transcoding.container, transcoding.codec))
    samples = decode_apart(media)
    mixed = decode(media).samples
    assert len(samples) == (2 if transcoding.codec == "vorbis" else 1)
    assert np.abs(samples - mixed).max() < 0.01


@pytest.mark.parametrize(
    ("channels", "rate", "split_channels", "detail"),
    [
        (9, SAMPLE_RATE, True, "9 channels. Send at most 8"),
        (9, SAMPLE_RATE, False, "9 channels. Send at most 8"),
        (65, SAMPLE_RATE, False, "65 channels. Send at most 8"),
        (1, 1, False, "1 Hz"),
        (1, 7_999, True, "from 8000 to 192000 Hz"),
        (1, 192_001, False, "from 8000 to 192000 Hz"),
        (1, 2**31 - 1, False, "from 8000 to 192000 Hz"),
    ],
)
def test_a_shape_that_nobody_records_is_undecodable(
    channels: int, rate: int, split_channels: bool, detail: str, media: Path
) -> None:
    media.write_bytes(pcm_wav(np.zeros((2_000, channels), dtype="<i2"), rate=rate))
    with (
        pytest.raises(TranscriptionFailure) as failed,
        decoder(LONG_ENOUGH).open(media, split_channels=split_channels) as audio,
    ):
        next(audio)
    assert failed.value.failure is FailureCode.AUDIO_UNDECODABLE
    assert detail in failed.value.detail


@pytest.mark.parametrize(("channels", "rate"), [(8, SAMPLE_RATE), (1, 8_000), (8, 8_000), (2, 192_000), (8, 192_000)])
def test_a_shape_at_the_bounds_of_what_is_recorded_is_decoded(channels: int, rate: int, media: Path) -> None:
    media.write_bytes(pcm_wav(np.zeros((rate, channels), dtype="<i2"), rate=rate))
    assert decode(media).duration_seconds == pytest.approx(1, abs=0.001)


def test_a_stream_that_changes_its_shape_is_heard_to_its_end(media: Path) -> None:
    # Radio does so between two programmes: MP3's frames each say what they are.
    pieces = [transcoded_tone("mp3", rate, layout) for rate, layout in [(44_100, "stereo"), (22_050, "mono")] * 2]
    media.write_bytes(b"".join(pieces))
    audio = decode(media)
    assert audio.duration_seconds == pytest.approx(8, abs=0.3)
    quarters = np.abs(np.fft.rfft(audio.samples[: 8 * SAMPLE_RATE].reshape(-1, SAMPLE_RATE)[::2]))
    assert quarters.argmax(axis=1).tolist() == [440] * 4
    with pytest.raises(TranscriptionFailure) as failed:
        decode_apart(media)
    assert failed.value.failure is FailureCode.AUDIO_UNDECODABLE
    assert "from 2 channels to 1" in failed.value.detail


def transcoded_tone(container: str, rate: int, layout: str) -> bytes:
    """Return two seconds of 440 Hz as MP3 frames without a header."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options={"write_xing": "0", "id3v2_version": "0"}) as sink:
        stream = sink.add_stream("libmp3lame", rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        samples = np.tile((sine(2, rate=rate) * 32_767).astype(np.int16), (2 if layout == "stereo" else 1, 1))
        frame = av.AudioFrame.from_ndarray(samples, format="s16p", layout=layout)
        frame.sample_rate = rate
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    return file.getvalue()


@pytest.mark.parametrize("name", ["garden", "kitchen"])
@pytest.mark.parametrize("dtx", [False, True], ids=["all speech", "with silence descriptions"])
@pytest.mark.parametrize("container", ["amr", "3gp"])
def test_amr_of_telephones_is_whole(name: str, dtx: bool, container: str, media: Path) -> None:
    original = decode(clip(name))
    audio = decoded(media, transcoded(clip(name), container, "libopencore_amrnb", dtx=dtx))
    assert audio.duration_seconds == pytest.approx(original.duration_seconds, abs=0.1)
    # Its codec keeps what is heard, and not the waveform.
    correlation, shift = alike(audio.samples, original.samples)
    assert correlation > 0.6
    assert abs(shift) < 0.1


def test_wide_band_amr_is_whole(media: Path) -> None:
    assert decoded(media, amr_wb(2)).duration_seconds == 2


def test_bare_aac_sounds_like_the_clip_it_was_made_of(media: Path) -> None:
    audio = decoded(media, transcoded(clip("garden"), "adts", "aac"))
    assert alike(audio.samples, decode(clip("garden")).samples)[0] > 0.95


def test_the_first_of_several_audio_streams_is_decoded(media: Path) -> None:
    with av.open(str(media), "w", format="matroska") as sink:
        streams = [sink.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono") for _ in range(2)]
        for stream, amplitude in zip(streams, (0.5, 0.1), strict=True):
            assert isinstance(stream, av.AudioStream)
            samples = (sine(1, amplitude=amplitude) * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            sink.mux(stream.encode(frame))
    assert np.abs(decode(media).samples).max() == pytest.approx(0.5, abs=0.01)


def test_threads_decode_the_same_file_alike() -> None:
    alone = decode(clip("garden")).samples
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: decode(clip("garden")).samples, range(8)))
    assert all(np.array_equal(samples, alone) for samples in together)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (truncated_flac, FailureCode.AUDIO_UNDECODABLE),
        (video_without_audio, FailureCode.NO_AUDIO_STREAM),
        (wav_without_samples, FailureCode.AUDIO_EMPTY),
        (text_named_mp3, FailureCode.AUDIO_UNDECODABLE),
        (lambda: garbage(1, 50_000), FailureCode.AUDIO_UNDECODABLE),
        (lambda: b"", FailureCode.AUDIO_UNDECODABLE),
        (lambda: tone_wav(2)[:40], FailureCode.AUDIO_UNDECODABLE),
    ],
    ids=["truncated", "video only", "no samples", "text", "garbage", "empty", "half a header"],
)
def test_a_bad_file_fails_with_its_code(content: Callable[[], bytes], expected: FailureCode, media: Path) -> None:
    media.write_bytes(content())
    failed = failure(media)
    assert failed.failure is expected
    assert failed.failure.is_media_fault
    # Shown to the client, who has no business with the server's paths.
    assert str(media.parent) not in failed.detail


def test_a_file_that_is_gone_is_no_fault_of_the_media(media: Path) -> None:
    failed = failure(media)
    assert failed.failure is FailureCode.MEDIA_MISSING
    assert not failed.failure.is_media_fault


@pytest.mark.parametrize("kept", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("transcoding", TRANSCODINGS[:3], ids=lambda transcoding: transcoding.name)
def test_a_file_cut_short_is_told_from_a_short_one(transcoding: Transcoding, kept: float, media: Path) -> None:
    whole = transcoded(clip("garden"), transcoding.container, transcoding.codec)
    media.write_bytes(whole[: round(kept * len(whole))])
    failed = failure(media)
    assert failed.failure is FailureCode.AUDIO_UNDECODABLE
    # How much is missing: of a WAV in bytes, which hold whatever its codec.
    assert ("4.73 s" if transcoding.name != "wav" else f"{len(whole) - len(media.read_bytes())}") in failed.detail


def test_a_wav_that_was_written_to_a_pipe_is_whole(media: Path) -> None:
    piped = bytearray(tone_wav(2))
    piped[4:8] = piped[40:44] = b"\xff\xff\xff\xff"  # its writer didn't know the sizes and could not go back
    assert decoded(media, bytes(piped)).duration_seconds == 2


@pytest.mark.parametrize("offset", [4, 40], ids=["RIFF", "data"])
def test_a_wav_whose_writer_left_its_sizes_at_zero_is_whole(offset: int, media: Path) -> None:
    streamed = bytearray(tone_wav(2))
    streamed[offset : offset + 4] = bytes(4)
    assert decoded(media, bytes(streamed)).duration_seconds == 2


@pytest.mark.parametrize("byte_rate", [0, 1, 16_000, 64_000])
def test_a_wav_that_misstates_its_byte_rate_is_whole(byte_rate: int, media: Path) -> None:
    # Players go by the sample rate, so such files play well everywhere.
    misstated = bytearray(tone_wav(2))
    misstated[28:32] = byte_rate.to_bytes(4, "little")
    assert decoded(media, bytes(misstated)).duration_seconds == 2


@pytest.mark.parametrize("byte_rate", [32_000, 64_000])
def test_a_wav_cut_short_is_told_by_its_bytes(byte_rate: int, media: Path) -> None:
    cut = bytearray(tone_wav(2))
    cut[28:32] = byte_rate.to_bytes(4, "little")
    media.write_bytes(cut[: len(cut) * 3 // 4])
    assert failure(media).failure is FailureCode.AUDIO_UNDECODABLE


@pytest.mark.parametrize(
    "codec",
    [
        *("pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav"),
        *("libmp3lame", "wmav2", "mp2", "g722", "flac"),
    ],
)
def test_a_wav_of_any_codec_is_whole(codec: str, media: Path) -> None:
    audio = decoded(media, transcoded(clip("garden"), "wav", codec))
    assert audio.duration_seconds == pytest.approx(4.73, abs=0.2)


def test_chunks_before_a_wavs_samples_are_passed_over(media: Path) -> None:
    wav = tone_wav(2)
    odd = b"JUNK" + (5).to_bytes(4, "little") + b"fmt d" + b"\0"  # padded to an even count, as the format asks
    audio = decoded(media, wav[:36] + odd + wav[36:])
    assert audio.duration_seconds == 2
    media.write_bytes((wav[:36] + odd + wav[36:])[: len(wav) // 2])
    assert failure(media).failure is FailureCode.AUDIO_UNDECODABLE


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_frame_in_the_middle_costs_little_of_the_rest(seed: int, media: Path) -> None:
    damaged = bytearray(clip("snow").read_bytes())
    chance = random.Random(seed)
    position = chance.randrange(len(damaged) // 4, len(damaged) * 3 // 4)
    damaged[position : position + 64] = chance.randbytes(64)
    assert decoded(media, bytes(damaged)).duration_seconds == pytest.approx(13.26, abs=0.2)


def unknown_codecs() -> dict[str, bytes]:
    """Return well-formed files that name a codec nobody knows."""
    wav = bytearray(tone_wav(1))
    wav[20:22] = b"\x34\x12"
    garden = clip("garden")
    return {
        "wav": bytes(wav),
        "mov": transcoded(garden, "mov", "pcm_s16le").replace(b"sowt", b"xxxx"),
        "mkv": transcoded(garden, "matroska", "aac").replace(b"A_AAC", b"A_XXX"),
        "ogg": transcoded(garden, "ogg", "vorbis").replace(b"\x01vorbis", b"\x01xxxxxx"),
        "caf": transcoded(garden, "caf", "pcm_s16le").replace(b"lpcm", b"xxxx"),
        "wma": transcoded(garden, "asf", "wmav2").replace(b"\x61\x01\x01\x00", b"\x34\x12\x01\x00"),
    }


@pytest.mark.parametrize("name", ["wav", "mov", "mkv", "ogg", "caf", "wma"])
def test_a_codec_that_nobody_knows_is_the_medias_fault(name: str, media: Path) -> None:
    media.write_bytes(unknown_codecs()[name])
    assert failure(media).failure is FailureCode.AUDIO_UNDECODABLE


def test_audio_may_be_exactly_as_long_as_allowed_and_not_a_sample_longer(media: Path) -> None:
    media.write_bytes(silence_wav(2))
    assert decode(media, max_seconds=2).duration_seconds == 2
    failed = failure(media, max_seconds=2 - 1 / SAMPLE_RATE)
    assert failed.failure is FailureCode.AUDIO_TOO_LONG
    assert "MAX_AUDIO_SECONDS" in failed.detail


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
def test_audio_beyond_the_bound_is_too_long_in_any_container(transcoding: Transcoding, media: Path) -> None:
    media.write_bytes(transcoded(clip("garden"), transcoding.container, transcoding.codec))
    assert failure(media, max_seconds=3).failure is FailureCode.AUDIO_TOO_LONG


def test_the_bound_holds_whatever_the_header_says(media: Path) -> None:
    flac = bytearray(clip("snow").read_bytes())
    samples = int.from_bytes(flac[18:26]) & (2**36 - 1)  # STREAMINFO's last field before the MD5
    assert samples / SAMPLE_RATE == pytest.approx(13.26, abs=0.01)
    flac[18:26] = (int.from_bytes(flac[18:26]) - samples + SAMPLE_RATE).to_bytes(8)
    media.write_bytes(flac)
    assert header_seconds(media) == 1
    assert failure(media, max_seconds=5).failure is FailureCode.AUDIO_TOO_LONG


def test_damaged_files_decode_or_fail_as_media_does(media: Path, tmp_path: Path) -> None:
    endings: dict[str, int] = {}
    for mutant in mutants(whole_files(tmp_path), 150, random.Random(0)):
        media.write_bytes(mutant.media)
        try:
            samples = decode(media).samples
        except TranscriptionFailure as failed:
            ending = failed.failure.value if failed.failure.is_media_fault else f"{mutant.name}: {failed.failure}"
        except Exception as error:  # noqa: BLE001 - which one, and where, is what the test tells
            ending = f"{mutant.name}: {error!r}"
        else:
            in_range = samples.dtype == np.float32 and samples.ndim == 1 and bool(np.all(np.abs(samples) <= 1))
            ending = "decoded" if in_range else f"{mutant.name}: out of range"
        endings[ending] = endings.get(ending, 0) + 1
    assert [ending for ending in endings if ":" in ending] == []
    # Both happen often enough for the test to mean something.
    assert endings["decoded"] > 20
    assert endings["audio_undecodable"] > 20
