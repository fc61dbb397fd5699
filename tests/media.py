"""Audio for the tests: clips with their words, files made on the spot, files wrong in one known way.

Everything comes from `tests/audio` or is computed here; nothing is downloaded. Builders return the bytes of
a whole file.
"""

import io
import json
import random
import struct
import wave
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import av
import jiwer
import numpy as np
import numpy.typing as npt
from whisper_normalizer.english import EnglishTextNormalizer

AUDIO = Path(__file__).parent / "audio"
_SHARED_SPEECH = Path(__file__).parents[2] / "shared" / "speech"

_WAV_HEADER_BYTES = 44
_ONLY_RATES = {"libopus": 48_000, "libopencore_amrnb": 8_000}
_NEITHER_TEXT_NOR_MAGIC = bytes([*range(0x01, 0x09), *range(0x80, 0xA0)])
"""C0 and C1 control characters: never valid UTF-8 together, and no file signature is made of these alone."""


@dataclass(frozen=True)
class Reference:
    """A clip and what is said in it."""

    id: str
    path: Path
    language: str
    duration_seconds: float
    text: str
    """Words only, as spoken."""


class Transcoding(NamedTuple):
    """A way to store a clip."""

    name: str
    """The usual file extension; unique in `TRANSCODINGS`."""
    container: str
    """FFmpeg's muxer."""
    codec: str
    """FFmpeg's encoder."""


TRANSCODINGS = (
    Transcoding("wav", "wav", "pcm_s16le"),
    Transcoding("aiff", "aiff", "pcm_s16be"),
    Transcoding("flac", "flac", "flac"),
    Transcoding("mp3", "mp3", "libmp3lame"),
    Transcoding("m4a", "ipod", "aac"),
    Transcoding("mp4", "mp4", "aac"),
    Transcoding("mkv", "matroska", "aac"),
    Transcoding("ogg", "ogg", "vorbis"),
    Transcoding("opus", "ogg", "libopus"),
    Transcoding("webm", "webm", "libopus"),
    Transcoding("wma", "asf", "wmav2"),
)
"""What the FFmpeg inside PyAV's wheels can encode, of the formats people send."""

RARER_TRANSCODINGS = (
    Transcoding("aac", "adts", "aac"),
    Transcoding("3gp", "3gp", "aac"),
    Transcoding("mov", "mov", "pcm_s16le"),
    Transcoding("alac", "ipod", "alac"),
    Transcoding("avi", "avi", "pcm_s16le"),
    Transcoding("au", "au", "pcm_s16be"),
    Transcoding("caf", "caf", "pcm_s16le"),
    Transcoding("w64", "w64", "pcm_s16le"),
    Transcoding("tta", "tta", "tta"),
    Transcoding("wv", "wv", "wavpack"),
    Transcoding("oga", "oga", "flac"),
    Transcoding("flv", "flv", "aac"),
    Transcoding("ts", "mpegts", "aac"),
    Transcoding("mp2", "mp2", "mp2"),
)
"""What the worker decodes besides the formats people usually send."""


def clip(name: str) -> Path:
    """Return the path of a clip in `tests/audio`, such as `clip("garden")`."""
    return AUDIO / f"{name}.flac"


def references() -> list[Reference]:
    """Return the clips of `tests/audio`, shortest first."""
    return _read_references(AUDIO)


def shared_speech() -> list[Reference]:
    """Return the recordings of people in `shared/speech` beside the checkout; none where that is missing."""
    return _read_references(_SHARED_SPEECH) if _SHARED_SPEECH.is_dir() else []


def speech_wav(*, pause_seconds: float = 1.0, times: int = 1) -> tuple[bytes, str]:
    """Return all clips of `tests/audio` one after the other, so often, as one WAV, and what is said in them."""
    clips = references() * times
    pause = np.zeros(round(pause_seconds * 16_000), dtype=np.int16)
    pieces = [piece for clip in clips for piece in (_samples(clip.path), pause)]
    return _wav(np.concatenate(pieces).tobytes()), " ".join(clip.text for clip in clips)


def channels_wav(*names: str) -> bytes:
    """Return a WAV with a clip of `tests/audio` on each channel, the shorter ones filled with silence."""
    clips = [_samples(clip(name)) for name in names]
    frames = np.zeros((max(map(len, clips)), len(clips)), dtype=np.int16)
    for number, samples in enumerate(clips):
        frames[: len(samples), number] = samples
    return _wav(frames.tobytes(), channels=len(clips))


def bare_pcm(name: str) -> bytes:
    """Return a clip of `tests/audio` as samples without a header: signed, 16-bit, little-endian, mono, 16 kHz."""
    return _samples(clip(name)).astype("<i2").tobytes()


def samples_of(path: Path) -> npt.NDArray[np.float32]:
    """Return a recording as one channel at 16 kHz, between -1 and 1."""
    return (_samples(path) / 32_768).astype(np.float32)


def wav_of(*channels: npt.NDArray[np.float32]) -> bytes:
    """Return 16-bit WAV at 16 kHz of channels that are equally long, between -1 and 1; what is louder is cut off."""
    frames = np.clip(np.stack(channels, axis=1), -1, 1) * 32_767
    return _wav(frames.astype("<i2").tobytes(), channels=len(channels))


def backward_wav(name: str) -> bytes:
    """Return one of the product's clips played backward: speech, as the detector hears it, and no words."""
    return _wav(_samples(clip(name))[::-1].tobytes())


def silence_wav(seconds: float, rate: int = 16_000) -> bytes:
    """Return 16-bit mono WAV holding digital silence."""
    return _wav(bytes(2 * round(seconds * rate)), rate=rate)


def tone_wav(seconds: float, *, hertz: float = 440.0, amplitude: float = 0.5, rate: int = 16_000) -> bytes:
    """Return 16-bit mono WAV holding a sine; an amplitude of 1 is full scale."""
    phase = 2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate
    return _wav((amplitude * 32_767 * np.sin(phase)).astype("<i2").tobytes(), rate=rate)


def wav_without_samples() -> bytes:
    """Return a WAV whose header is valid and whose data chunk is empty."""
    return _wav(b"")


def wav_of_bytes(total_bytes: int) -> bytes:
    """Return a silent WAV of exactly this many bytes, at least 44.

    It has 8 bits a sample, so an odd size holds whole samples too (RIFF's padding byte would make it even).
    """
    assert total_bytes >= _WAV_HEADER_BYTES
    return _wav(b"\x80" * (total_bytes - _WAV_HEADER_BYTES), sample_bytes=1)


def truncated_flac() -> bytes:
    """Return half of `clip("snow")`, cut inside a frame; its header still declares the full length."""
    whole = clip("snow").read_bytes()
    return whole[: len(whole) // 2]


@cache
def video_without_audio() -> bytes:
    """Return an MP4 of one second whose only stream is MPEG-4 video."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as sink:
        stream = sink.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        for shade in np.linspace(0, 255, num=10, dtype=np.uint8):
            picture = np.full((64, 64, 3), shade, dtype=np.uint8)
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        sink.mux(stream.encode())
    return file.getvalue()


def amr_wb(seconds: float) -> bytes:
    """Return AMR-WB, which FFmpeg does not encode: frames of 20 ms at 6.60 kbit/s, of zero bits, hum faintly.

    Every tenth one describes silence, as telephones send it. The layout is that of RFC 4867, section 5.
    """
    speech = b"\x04" + bytes(17)
    silence = b"\x4c" + bytes(5)
    return b"#!AMR-WB\n" + b"".join(silence if number % 10 == 9 else speech for number in range(round(seconds * 50)))


def text_named_mp3() -> bytes:
    """Return plain English text, to be sent under a name such as `song.mp3`."""
    return b"This is a shopping list, not a recording: bread, milk, apples.\n" * 20


def garbage(seed: int, size: int) -> bytes:
    """Return binary nonsense that is no text and carries no known signature, whatever the seed."""
    return bytes(random.Random(seed).choices(_NEITHER_TEXT_NOR_MAGIC, k=size))


@cache
def transcoded(path: Path, container: str, codec: str, *, dtx: bool = False) -> bytes:
    """Return the file's audio stored anew, mono at its own sample rate where the codec allows.

    Opus is always 48 kHz, AMR-NB 8 kHz, and FFmpeg's own Vorbis encoder is stereo only.
    With `dtx`, which AMR-NB has, pauses are sent as descriptions of their noise.
    The same bytes each time: without `bitexact`, muxers put in ids drawn by lot.
    """
    file = io.BytesIO()
    with (
        av.open(str(path)) as source,
        av.open(file, "w", format=container, options={"fflags": "bitexact"}) as sink,
    ):
        rate = _ONLY_RATES.get(codec, source.streams.audio[0].rate)
        layout = "stereo" if codec == "vorbis" else "mono"
        # FFmpeg calls its Vorbis encoder experimental.
        stream = sink.add_stream(
            codec, rate=rate, layout=layout, options={"strict": "experimental", "dtx": str(int(dtx))}
        )
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = 64_000  # wmav2 has no default
        for frame in source.decode(audio=0):
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    return file.getvalue()


def matroska_head(size: int, *, encoding: bytes = b"") -> bytes:
    """Return what comes before so many bytes of sound, 8 bits at 8 kHz, in one block of Matroska (RFC 9559, section 5).

    `encoding` is an element of the track that says how the block is packed.
    """
    sound = ebml("E1", ebml("B5", struct.pack(">d", 8000.0)) + ebml("6264", b"\x08"))
    track = (
        ebml("D7", b"\1") + ebml("73C5", b"\1") + ebml("83", b"\2") + ebml("86", b"A_PCM/INT/LIT") + sound + encoding
    )
    cluster = ebml("E7", b"\0") + ebml("A3", b"\x81\0\0\x80", follow=size)
    segment = ebml("1654AE6B", ebml("AE", track)) + ebml("1F43B675", cluster, follow=size)
    head = ebml("1A45DFA3", ebml("4282", b"matroska") + ebml("4287", b"\4"))
    return head + ebml("18538067", segment, follow=size)


def ebml(name: str, content: bytes, *, follow: int = 0) -> bytes:
    """Return an element of EBML (RFC 8794) with a size of eight bytes, so many bytes of whose content are to follow."""
    return bytes.fromhex(name) + struct.pack(">Q", 1 << 56 | len(content) + follow) + content


def write_long_silence(path: Path, seconds: int) -> None:
    """Write hours of silence, 16 kHz mono, as FLAC in Matroska: one frame of a second, again and again."""
    with av.open(str(path), "w", format="matroska") as sink:
        stream = sink.add_stream("flac", rate=16_000, layout="mono", options={"frame_size": "16000"})
        assert isinstance(stream, av.AudioStream)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), dtype=np.int16), format="s16", layout="mono")
        silence.sample_rate = 16_000
        frame = next(bytes(packet) for packet in [*stream.encode(silence), *stream.encode()] if packet.size)
        for second in range(seconds):
            packet = av.Packet(frame)
            packet.stream = stream
            packet.pts = packet.dts = second * 16_000
            packet.duration = 16_000
            packet.time_base = Fraction(1, 16_000)
            sink.mux(packet)


def word_error_rate(pairs: list[tuple[str, str]]) -> float:
    """Return the word error rate of English (reference, hypothesis) pairs, pooled over all words, in percent.

    Both sides go through Whisper's English normaliser (whisper-normalizer); jiwer counts the errors.
    """
    normalise = _english_normaliser()
    return 100 * float(
        jiwer.wer([normalise(reference) for reference, _ in pairs], [normalise(heard) for _, heard in pairs])
    )


@cache
def _english_normaliser() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


def _read_references(folder: Path) -> list[Reference]:
    lines = (folder / "references.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Reference(
            id=entry["id"],
            path=folder / entry["file"],
            language=entry["language"],
            duration_seconds=entry["duration_seconds"],
            text=entry["text"],
        )
        for entry in map(json.loads, lines)
    ]


def _samples(path: Path) -> npt.NDArray[np.int16]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)


def _wav(samples: bytes, *, rate: int = 16_000, sample_bytes: int = 2, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(sample_bytes)
        writer.setframerate(rate)
        writer.writeframes(samples)
    return file.getvalue()
