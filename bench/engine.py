"""The service against its peers, on the same clips, the same weights and the same cores, in one run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.comparison import COLUMNS, Comparison
from bench.floor import EngineFloor, engine_seconds
from bench.peers.environment import PEERS
from bench.peers.faster_whisper import faster_whisper
from bench.peers.faster_whisper_server import faster_whisper_server
from bench.peers.whisper_cpp import whisper_cpp
from bench.peers.whisper_ctranslate2 import WhisperCTranslate2
from bench.peers.wyoming import wyoming_faster_whisper
from bench.service_runner import QUALITIES, Quality, ServiceRunner, verbose_transcript
from bench.systems import System, cores
from bench.tables import Table
from bench.workloads import equal_clips, long_file, mixed_clips, samples_of, without_speech
from tests.media import Reference, references
from tests.speech import speech_and_missed
from worker.audio import SAMPLE_RATE

TITLE = "The service and its peers"


class _Sizes(NamedTuple):
    rounds: int
    every: int
    """Take each so many-th of the mixed clips."""
    long_seconds: float
    equal_clips: int


_FULL = _Sizes(rounds=3, every=1, long_seconds=3600, equal_clips=24)
_QUICK = _Sizes(rounds=1, every=3, long_seconds=360, equal_clips=8)
_EQUAL_SECONDS = 10.0
_EQUAL_ROUNDS = 2
_IDLE_REPEATS = 20

_MANY = 16
_LOOP, _BATCHED = faster_whisper("default"), faster_whisper("batched")
_TWO_THREADS = faster_whisper("two-threads")
_SERVERS = (faster_whisper_server, wyoming_faster_whisper)
_FLOOR, _LONE_FLOOR = EngineFloor("balanced", _MANY), EngineFloor("balanced", 1)

_NOTES = (
    "Whisper base, int8, no language given; every system at its defaults but for that. n: runs, each of a system "
    "started anew and warmed with a clip of its own; all systems by turns, every figure the median of the runs. "
    "Wall: from the first clip sent to the last text at hand; whisper-ctranslate2's includes its start. p50, p95: "
    "seconds from a clip sent (its file given, for a library) to its text, by nearest rank; what a clip waits behind "
    "others in a server is part of it. Peak MiB: all processes of the system (Pss), looked at every second. WER: "
    "all words of all references, Whisper's English normaliser for en, its basic one for others, characters for ja and "
    "zh (whisper-normalizer, jiwer). Client: what the measuring process (all clients in one asyncio process, over kept "
    "connections, and the sampler) took of all cores, which are the servers' cores too. A client of the service posts "
    "a clip and waits for its text at `GET /result?wait=30`; other servers answer the request itself. The floor: the "
    "batches that the engine makes of these clips, sent straight to CTranslate2 with nothing around them."
)


def measure(*, quick: bool) -> Iterator[Table]:
    """Yield the table of all systems, and that of the goals."""
    if not PEERS.is_dir():
        raise SystemExit(f"{PEERS} is missing: `make bench` makes it")
    sizes = _QUICK if quick else _FULL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixed, equal, long = _mixed(sizes), _equal(folder, sizes), _long(folder, sizes)
        workloads = [comparison.workload for comparison in (mixed, equal, long)]
        origins = "; ".join(f"{workload.name}: {workload.note}" for workload in workloads)
        rows = [row for comparison in (mixed, equal, long) for row in comparison.rows()]
        yield Table(TITLE, COLUMNS, rows, f"{_NOTES} The workloads: {origins}.")
        goals = [*_mixed_goals(mixed), *_equal_goals(equal), *_long_goals(long), _idle_goal(), _no_speech_goal(folder)]
        notes = f"Goals are for two cores (here {cores()}), Whisper base, int8; none is asserted anywhere."
        yield Table("What the engine is to show", ["what", "seen", "goal"], goals, notes)


def _mixed(sizes: _Sizes) -> Comparison:
    comparison = Comparison(mixed_clips().thinned(sizes.every))
    comparison.measure(
        [
            *(service for clients in (1, 4, _MANY) for service in _services(clients, "fast", "balanced")),
            *(_FLOOR, _LOOP, _TWO_THREADS),
            *(server(_MANY) for server in _SERVERS),
        ],
        [
            *(service for clients in (1, 4, _MANY) for service in _services(clients, "accurate")),
            *(_BATCHED, WhisperCTranslate2(batched=False), WhisperCTranslate2(batched=True), whisper_cpp()),
            *(server(1) for server in _SERVERS),
        ],
        rounds=sizes.rounds,
    )
    return comparison


def _equal(folder: Path, sizes: _Sizes) -> Comparison:
    comparison = Comparison(equal_clips(folder, count=sizes.equal_clips, seconds=_EQUAL_SECONDS))
    servers = (server(_MANY) for server in _SERVERS)
    comparison.measure(
        [*_services(_MANY, "fast", "balanced"), _FLOOR, _LOOP, _TWO_THREADS, *servers],
        rounds=min(_EQUAL_ROUNDS, sizes.rounds),
    )
    return comparison


def _long(folder: Path, sizes: _Sizes) -> Comparison:
    comparison = Comparison(long_file(folder, seconds=sizes.long_seconds))
    comparison.measure([*_services(1, "fast", "balanced"), _LONE_FLOOR, _LOOP, _BATCHED], rounds=1)
    return comparison


def _services(clients: int, *qualities: Quality) -> list[ServiceRunner]:
    return [ServiceRunner(quality, clients) for quality in qualities]


def _mixed_goals(mixed: Comparison) -> Iterator[list[str]]:
    fastest_server = max((server(_MANY) for server in _SERVERS), key=mixed.rate)
    fast, balanced = _services(_MANY, "fast", "balanced")
    yield _times(mixed, balanced, _LOOP, 8)
    yield _times(mixed, balanced, fastest_server, 8)
    yield _times(mixed, balanced, _TWO_THREADS, 5)
    yield _points(mixed, balanced, 0.5)
    yield _of_the_floor(mixed, balanced, _FLOOR)
    yield _times(mixed, fast, _LOOP, 10)
    yield _points(mixed, fast, 1)
    for one, many in zip(_services(1, *QUALITIES), _services(_MANY, *QUALITIES), strict=True):
        differing, clips = mixed.differing(one, many), len(mixed.workload.clips)
        yield [
            f"{mixed.workload.name}: {one.name}, other words with {_MANY} clients than with 1",
            f"{differing} of {clips}",
            "0",
        ]


def _long_goals(long: Comparison) -> Iterator[list[str]]:
    (service,) = _services(1, "balanced")
    yield _times(long, service, _LOOP, 3)
    yield _times(long, service, _BATCHED, 1.2)
    yield _points(long, service, 0.5)
    yield _of_the_floor(long, service, _LONE_FLOOR)
    yield _completeness_goal(long)


def _equal_goals(equal: Comparison) -> Iterator[list[str]]:
    (service,) = _services(_MANY, "balanced")
    yield _of_the_floor(equal, service, _FLOOR)


def _completeness_goal(long: Comparison) -> list[str]:
    """Hold the segments of the long file against the speech that faster-whisper's VAD finds in the whole of it."""
    (clip,) = long.workload.clips
    segments = verbose_transcript(clip)["segments"]
    samples = samples_of(clip.path).astype(np.float32) / np.float32(32_768)
    seconds, left = speech_and_missed(samples, [(each["start"], each["end"]) for each in segments])
    what = f"{long.workload.name}: seconds of the VAD's speech that no segment covers, in stretches over one second"
    return [what, f"{sum(end - begin for begin, end in left):.1f} of {seconds:.0f}", "0"]


def _idle_goal() -> list[str]:
    short = references()[0]

    def own() -> float:
        return engine_seconds(short, quality="balanced", repeats=_IDLE_REPEATS // 2)

    before = own()
    run = ServiceRunner("balanced", 1).transcribe([short] * _IDLE_REPEATS)
    own_ms = 1000 * (before + own()) / 2
    seen_ms = 1000 * (run.latency(50) or 0.0)
    what = f"a clip of {short.duration_seconds:g} s on an idle service; the engine alone takes {own_ms:.0f} ms"
    return [what, f"{seen_ms:.0f} ms", f"<= {1.05 * own_ms + 40:.0f} ms (1.05 x the engine alone + 40 ms)"]


def _no_speech_goal(folder: Path) -> list[str]:
    sounds = [
        Reference(path.stem, path, "", len(samples_of(path)) / SAMPLE_RATE, "") for path in without_speech(folder)
    ]
    run = ServiceRunner(None, _MANY).transcribe(sounds)
    heard = sum(bool(answer.text.strip()) for answer in run.answers)
    return ["files of silence, noise and tones that get a text", f"{heard} of {len(sounds)}", "0"]


def _times(comparison: Comparison, service: System, peer: System, goal: float) -> list[str]:
    seen = f"{comparison.rate(service) / comparison.rate(peer):.1f} x"
    return [f"{_what(comparison, service)}, audio s/s of {peer.name}", seen, f">= {goal:g} x"]


def _of_the_floor(comparison: Comparison, service: System, floor: EngineFloor) -> list[str]:
    seen = f"{comparison.rate(service) / comparison.rate(floor):.0%}"
    return [f"{_what(comparison, service)}, of the floor", seen, ">= 90%"]


def _points(comparison: Comparison, service: System, goal: float) -> list[str]:
    seen = f"{comparison.error_rate(service) - comparison.error_rate(_LOOP):+.2f} points"
    return [f"{_what(comparison, service)}, WER beyond that of {_LOOP.name}", seen, f"<= {goal:g}"]


def _what(comparison: Comparison, service: System) -> str:
    clients = f"{service.clients} client{'s' if service.clients != '1' else ''}"
    return f"{comparison.workload.name}: {service.name}, {clients}"
