"""What is transcribed: mixed short clips, clips of one length, one long file, and sounds without speech.

Everything is a file with its reference. Recordings come from `shared/speech` beside the checkout where that is to be
had, else from the tests' own clips, and from the audio that pytest-audioeval carries: that package is a plugin that
pytest loads by itself, so it lives in the peers' environment and only its files are read.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, repeat
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bench.peers.environment import PEERS
from tests.media import Reference, references, shared_speech
from worker.audio import SAMPLE_RATE
from worker.decoding import opened

Samples = NDArray[np.int16]

_SEED = 20_260
_PAUSE_SECONDS = (0.3, 1.5)
_LONGEST_SECONDS = 7200.0
_PART_SECONDS = 600.0
"""Of a very long file, which is one part again and again."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Clips, in the order in which every system gets them."""

    name: str
    clips: Sequence[Reference]
    note: str
    """Where they come from."""

    def thinned(self, every: int) -> "Workload":
        """Return one of so many of the clips."""
        if every == 1:
            return self
        return replace(self, clips=self.clips[::every], note=f"one of {every} of {self.note}")


def mixed_clips() -> Workload:
    """Return real clips of many languages and lengths."""
    recordings, carried = shared_speech() or references(), _carried_clips()
    origin = "`shared/speech`" if shared_speech() else "`tests/audio` (`shared/speech` is not here)"
    clips = _shuffled([*recordings, *carried])
    note = f"{len(recordings)} clips of {origin} and {len(carried)} of pytest-audioeval"
    return Workload("mixed clips", clips, f"{note}, {_length(clips)}, {_languages(clips)} languages")


def equal_clips(folder: Path, *, count: int, seconds: float) -> Workload:
    """Write clips of exactly one length, each of whole English clips with pauses; no two alike."""
    spoken = _spoken()
    clips = []
    for number in range(count):
        samples, text = _joined(spoken, seconds, random.Random(_SEED + number))  # noqa: S311 - the same clips every time
        length = round(seconds * SAMPLE_RATE)
        path = folder / f"equal-{number:03}.flac"
        _write_flac(path, np.pad(samples[:length], (0, max(0, length - len(samples)))))
        clips.append(Reference(f"equal-{number:03}", path, "en", seconds, text))
    return Workload("equal clips", clips, f"{count} clips of {seconds:g} s, each made of whole English clips")


def long_file(folder: Path, *, seconds: float) -> Workload:
    """Write one FLAC of about this length: English clips in shuffled order, again and again, with pauses between."""
    samples, text = _joined(_spoken(), seconds, random.Random(_SEED))  # noqa: S311 - the same file every time
    path = folder / "long.flac"
    _write_flac(path, samples)
    clip = Reference("long", path, "en", len(samples) / SAMPLE_RATE, text)
    pauses = " to ".join(f"{pause:g}" for pause in _PAUSE_SECONDS)
    return Workload("one long file", [clip], f"{_length([clip])} of English clips joined with pauses of {pauses} s")


def endless_mp3(folder: Path, *, seconds: float) -> Path:
    """Write an MP3 of about this length and return it: the frames of ten minutes again and again."""
    part_seconds = min(seconds, _PART_SECONDS)
    part = folder / "part.mp3"
    samples, _ = _joined(_spoken(), part_seconds, random.Random(_SEED))  # noqa: S311
    _write(part, samples, container="mp3", codec="libmp3lame", options={"write_xing": "0", "id3v2_version": "0"})
    path = folder / "endless.mp3"
    with path.open("wb") as file:
        for _ in range(round(seconds / part_seconds)):
            file.write(part.read_bytes())
    return path


def without_speech(folder: Path) -> list[Path]:
    """Write twenty files in which nobody says anything: silence, noise and tones like music."""
    chance = np.random.default_rng(_SEED)
    sounds: list[NDArray[np.float64]] = [np.zeros(round(seconds * SAMPLE_RATE)) for seconds in (1, 5, 12, 31, 70)]
    sounds += [
        level * chance.standard_normal(round(seconds * SAMPLE_RATE))
        for level, seconds in ((0.001, 4), (0.003, 10), (0.01, 25), (0.03, 3), (0.1, 8), (0.2, 35), (0.3, 15))
    ]
    sounds += [
        _melody(notes, chords, seconds)
        for notes, chords, seconds in (
            ((220,), 1, 3),
            ((440,), 1, 12),
            ((262, 294, 330, 349, 392), 1, 10),
            ((262, 330, 392, 523), 3, 20),
            ((110, 147, 165), 3, 40),
            ((880, 988, 1047), 1, 6),
            ((196, 247, 294, 370), 4, 30),
            ((65, 98), 2, 15),
        )
    ]
    paths = []
    for number, sound in enumerate(sounds):
        paths.append(folder / f"without-speech-{number:02}.flac")
        _write_flac(paths[-1], (32_767 * np.clip(sound, -1, 1)).astype(np.int16))
    return paths


def samples_of(path: Path) -> Samples:
    """Return a file's audio, 16 kHz, one channel."""
    with opened(path, max_seconds=_LONGEST_SECONDS) as recording:
        return np.frombuffer(b"".join(recording.windows()), dtype=np.int16)


def _carried_clips() -> list[Reference]:
    """Return the clips that pytest-audioeval carries."""
    (folder,) = PEERS.glob("lib/python*/site-packages/pytest_audioeval/samples/audio")
    return [
        Reference(
            id=f"{path.parent.name}-{path.stem}",
            path=path,
            language=path.parent.name,
            duration_seconds=len(samples_of(path)) / SAMPLE_RATE,
            text=path.with_suffix(".txt").read_text(encoding="utf-8").strip(),
        )
        for path in sorted(folder.glob("*/*.wav"))
    ]


@cache
def _spoken() -> list[tuple[Samples, str]]:
    """Return the English clips that files are joined of, each a sentence or more, and what is said in them."""
    english = [each for each in (*shared_speech(), *references()) if each.language == "en"]
    return [(samples_of(each.path), each.text) for each in english]


def _joined(spoken: Sequence[tuple[Samples, str]], seconds: float, order: random.Random) -> tuple[Samples, str]:
    """Return whole clips with pauses behind them, until none fits any more, and what is said in them."""
    left = round(seconds * SAMPLE_RATE)
    pieces: list[Samples] = []
    texts: list[str] = []
    misfits = 0
    for samples, text in _rounds(spoken, order):
        if misfits == len(spoken):
            break
        if len(samples) > left:
            misfits += 1
            continue
        misfits = 0
        pause = np.zeros(round(order.uniform(*_PAUSE_SECONDS) * SAMPLE_RATE), dtype=np.int16)
        pieces += [samples, pause]
        texts.append(text)
        left -= len(samples) + len(pause)
    return np.concatenate(pieces), " ".join(texts)


def _rounds(spoken: Sequence[tuple[Samples, str]], order: random.Random) -> Iterator[tuple[Samples, str]]:
    """Yield all clips in shuffled order, again and again."""
    return chain.from_iterable(order.sample(spoken, len(spoken)) for _ in repeat(None))


def _melody(hertz: Sequence[int], voices: int, seconds: float) -> NDArray[np.float64]:
    """Return notes of half a second, one after the other, in thirds upon each other, with overtones that die away."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    notes = []
    for pitch in hertz:
        pitches = [overtone * pitch * 1.26**voice for voice in range(voices) for overtone in (1, 2, 3)]
        waves = np.sin(2 * np.pi * np.outer(pitches, time)) / np.tile((1, 2, 3), voices)[:, None]
        notes.append(np.exp(-3 * time) * waves.sum(axis=0))
    sound: NDArray[np.float64] = np.resize(np.concatenate(notes), round(seconds * SAMPLE_RATE))
    return sound * (0.5 / float(np.abs(sound).max()))


def _shuffled(clips: Sequence[Reference]) -> list[Reference]:
    """Return the clips in an order of no rule, the same every time, under ids that no two share."""
    named = [replace(clip, id=f"{number:03}-{clip.id}") for number, clip in enumerate(clips)]
    return random.Random(_SEED).sample(named, len(named))  # noqa: S311 - an order, not a secret


def _write_flac(path: Path, samples: Samples) -> None:
    _write(path, samples, container="flac", codec="flac", options={})


def _write(path: Path, samples: Samples, *, container: str, codec: str, options: dict[str, str]) -> None:
    with av.open(str(path), "w", format=container, options=options) as sink:
        stream = sink.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)  # noqa: S101 - tells mypy which kind the codec makes
        stream.bit_rate = 32_000  # FLAC has none
        for start in range(0, len(samples), SAMPLE_RATE):
            piece = samples[start : start + SAMPLE_RATE].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = start
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())


def _length(clips: Sequence[Reference]) -> str:
    seconds = sum(clip.duration_seconds for clip in clips)
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.1f} min"


def _languages(clips: Sequence[Reference]) -> int:
    return len({clip.language for clip in clips})
