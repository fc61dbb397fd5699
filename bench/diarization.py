"""How well speakers are told apart, and what that costs: conversations whose turns are known, through the service."""

import json
import random
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.conversations import Conversation, conversation, spoken_within
from bench.peers.environment import program
from bench.processes import processor_seconds, worker_of
from bench.service_runner import service
from bench.tables import Table
from tests.harness.service import REPOSITORY, Service
from tests.media import samples_of, shared_speech, wav_of
from worker.audio import SAMPLE_RATE

_VOICES: Final[Mapping[str, Sequence[str]]] = {
    "Kennedy": ["jfk"],
    "LibriSpeech 2412": ["libri-2412-0000", "libri-2412-0001"],
    "LibriSpeech 1088": ["libri-1088-0000"],
    "LJ": ["lj-002-0020", "lj-002-0035"],
    "Common Voice": ["cv-651325"],
    "Leopard": ["pv-en"],
}
"""Who speaks English in `shared/speech`, and in which recordings."""
_TURNS: Final = 14
_CONVERSATIONS: Final = 6
_QUICK_CONVERSATIONS: Final = 2
_TIMEOUT_SECONDS: Final = 600.0
_WAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "by voice": {"diarize": "true"},
    "by channel": {"diarize": "true", "channels": "split"},
}
_NOTES: Final = (
    "Mixtures of recordings of shared/speech, each brought to one loudness and then to its speaker's own: turns of "
    "1.5 s and more with pauses of 0.1 to 1.2 s, one of seven begins up to 0.8 s before the one before it ends. The "
    "reference is where a recording was put, less its silences of half a second and more. What is scored are the "
    "transcript's segments, by pyannote.metrics: no collar, overlapping speech counted. A mixture by voice has one "
    "channel, by channel one for each speaker. CPU: of the worker's process, times what the same files take without "
    "`diarize`."
)

_Turns = list[tuple[float, float, str]]


class _Run(NamedTuple):
    talk: Conversation
    found: _Turns
    plain_cpu_seconds: float
    cpu_seconds: float


def measure(*, quick: bool = False) -> Table:
    """Have the service transcribe conversations of two and of three speakers, and return the table.

    Raises:
        FileNotFoundError: pyannote.metrics isn't there, or no recordings.
    """
    rows = []
    with service(MAX_FILE_SIZE_MB="100") as running:
        for speakers in (2, 3):
            talks = list(_conversations(speakers, _QUICK_CONVERSATIONS if quick else _CONVERSATIONS))
            for way, options in _WAYS.items():
                rows.append([str(speakers), way, *_row(speakers, [_run(running, talk, options) for talk in talks])])
    columns = ["speakers", "told apart", "n", "audio s", "error %", "missed %", "false alarm %", "confusion %"]
    return Table("Who speaks when", [*columns, "number of speakers right", "CPU"], rows, _NOTES)


def _conversations(speakers: int, count: int) -> Iterator[Conversation]:
    recordings = {each.id: each.path for each in shared_speech()}
    if not recordings:
        raise FileNotFoundError("shared/speech beside the repository is missing")
    groups = list(combinations(_VOICES, speakers))
    for seed, names in enumerate(random.Random(speakers).sample(groups, count)):  # noqa: S311 - the same every time
        voices = {name: [_trimmed(samples_of(recordings[each])) for each in _VOICES[name]] for name in names}
        yield conversation(voices, turns=_TURNS, seed=seed)


def _trimmed(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = spoken_within(samples)
    return samples[round(parts[0][0] * SAMPLE_RATE) : round(parts[-1][1] * SAMPLE_RATE)]


def _run(running: Service, talk: Conversation, options: Mapping[str, str]) -> _Run:
    channels = list(talk.speakers.values()) if "channels" in options else [talk.mixed]
    media = wav_of(*channels)
    plain = {name: value for name, value in options.items() if name != "diarize"}
    plain_seconds, _ = _transcribed(running, media, plain)
    seconds, transcript = _transcribed(running, media, options)
    found = [(segment["start"], segment["end"], str(segment["speaker"])) for segment in transcript["segments"]]
    return _Run(talk, found, plain_seconds, seconds)


def _transcribed(running: Service, media: bytes, options: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    """Return the worker's processor seconds for a file, and its transcript."""
    worker = worker_of(running.process_id)
    before = processor_seconds(worker)
    job_id = running.submit(media, language="en", **options)
    document = running.finished(job_id, seconds=_TIMEOUT_SECONDS)
    if document["status"] != "completed":
        raise RuntimeError(f"a job ended as {document}")
    return processor_seconds(worker) - before, running.client.get(f"/result/{job_id}").json()


def _row(speakers: int, runs: Sequence[_Run]) -> list[str]:
    seconds = _errors((_reference(run.talk), run.found) for run in runs)
    parts = [seconds[name] / seconds["total"] for name in ("missed detection", "false alarm", "confusion")]
    right = sum(len({speaker for *_, speaker in run.found}) == speakers for run in runs)
    cpu = sum(run.cpu_seconds for run in runs) / sum(run.plain_cpu_seconds for run in runs)
    audio_seconds = sum(len(run.talk.mixed) for run in runs) / SAMPLE_RATE
    rates = [f"{100 * part:.1f}" for part in (sum(parts), *parts)]
    return [str(len(runs)), f"{audio_seconds:.0f}", *rates, f"{right} of {len(runs)}", f"x {cpu:.2f}"]


def _reference(talk: Conversation) -> _Turns:
    return [(turn.start, turn.end, turn.speaker) for turn in talk.turns]


def _errors(pairs: Iterable[tuple[_Turns, _Turns]]) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - our own module
        [program("python"), "-m", "bench.peers.pyannote_process"],
        input=json.dumps(list(pairs)),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    errors: dict[str, float] = json.loads(done.stdout)
    return errors
