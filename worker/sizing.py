"""`python -m worker.sizing REQUEST`: measures, for `scriptorium bench`, how fast a worker is on this machine.

It says what a `core.sizing` request asks for on its output, a line of JSON per message, and what goes wrong on
stderr. The transcriber is the worker's own, run by threads as the worker runs it; there is only no queue before it.
"""

import itertools
import os
import platform
import re
import resource
import sys
import threading
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.entry import run_process
from core.errors import ConfigurationError, TranscriptionFailure
from core.options import TranscriptionOptions
from core.sizing import REQUEST, Machine, Measurement, Progress, Speech, Survey, Trial
from worker.audio import SAMPLE_RATE
from worker.decoder import Decoder
from worker.main import build_decoder, build_transcriber, limit_arenas
from worker.metrics import WorkerMetrics
from worker.settings import WorkerSettings
from worker.transcriber import Transcriber

SAMPLE: Final = Path(__file__).parent / "sample" / "snow.flac"
_SAMPLE_PIECES: Final = 16
_SHORTEST_PIECE_SECONDS: Final = 3.0
_LONGEST_JOB_SECONDS: Final = 60.0
"""Of a longer recording, so much from its middle is one job: more would measure the same for longer."""
_LEAST_SECONDS: Final = 8.0
"""New rounds of jobs begin until then: a fast machine is measured over several."""
_MOST_JOBS_AT_ONCE: Final = 256
_MAXRSS_BYTES: Final = 1 if sys.platform == "darwin" else 1024
"""The unit of `ru_maxrss` (getrusage(2))."""


def survey(settings: WorkerSettings, request: Survey) -> Machine:
    """Look at the machine, the models and the audio.

    Raises:
        ConfigurationError: something that was asked for is not there.
    """
    from worker.engine.whisper import Placement
    from worker.weights import find_weights

    wanted = request.device or settings.device
    device = Placement.choose(device=wanted, compute_type=None, replicas=0, compute_threads=0, batch_size=0).device
    if wanted == "cuda" and device != "cuda":
        raise ConfigurationError("There is no usable CUDA device here. Measure with --device cpu.")
    for model in request.models:
        find_weights(model, settings.models_folder)
    decoder = Decoder(
        max_audio_seconds=settings.max_audio_seconds, timeout_seconds=settings.decode_timeout_seconds, warm=0
    )
    if request.audio:
        speech = [_job_of(path, decoder, request.folder / f"{number}.wav") for number, path in enumerate(request.audio)]
    else:
        speech = list(_sample_pieces(decoder.decode(SAMPLE).samples, request.folder))
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        device=device,
        # The longest first: the last jobs under way are short, and few replicas are left without work.
        speech=tuple(sorted(speech, key=lambda each: -each.seconds)),
    )


def measure(settings: WorkerSettings, request: Trial) -> Measurement:
    """Transcribe the speech, in whole rounds of all of it, as many jobs at once as fill the shape.

    Raises:
        ConfigurationError: the model can't be loaded, or a job failed.
    """
    limit_arenas()
    shape = request.shape
    metrics = WorkerMetrics()
    transcriber = build_transcriber(
        settings.model_copy(
            update={
                "transcriber": "faster_whisper",
                "model_size": request.model,
                "device": request.device,
                "model_replicas": shape.replicas,
                "compute_threads": shape.compute_threads,
                "batch_size": shape.batch_size,
            }
        ),
        build_decoder(settings, metrics),
        metrics,
    )
    at_once = min(_MOST_JOBS_AT_ONCE, max(settings.worker_concurrency, shape.replicas * shape.batch_size))
    jobs = _Jobs(request.speech, at_least=at_once)
    options = TranscriptionOptions(quality=request.quality)
    threads = [
        threading.Thread(target=jobs.work, args=(transcriber, options), name=f"job-{number}")
        for number in range(at_once)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_seconds = time.monotonic() - started
    if jobs.failure is not None:
        raise jobs.failure
    return Measurement(
        model=request.model,
        quality=request.quality,
        device=transcriber.device,
        compute_type=transcriber.compute_type,
        shape=shape,
        jobs_at_once=at_once,
        jobs=jobs.done,
        audio_seconds=jobs.audio_seconds,
        wall_seconds=wall_seconds,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES,
    )


class _Jobs:
    """The jobs of a trial: handed out in whole rounds until it has lasted long enough."""

    def __init__(self, speech: Sequence[Speech], *, at_least: int) -> None:
        self._at_least = at_least
        self._speech = speech
        self._lock = threading.Lock()
        self._until = time.monotonic() + _LEAST_SECONDS
        self._to_do = self._rounds()
        self.done = 0
        self.audio_seconds = 0.0
        self.failure: Exception | None = None

    def work(self, transcriber: Transcriber, options: TranscriptionOptions) -> None:
        """Do one job after the other until there are none, or one has failed."""
        while True:
            with self._lock:
                job = next(self._to_do, None)
            if job is None or self.failure is not None:
                return
            try:
                for _ in transcriber.transcribe(job.path, options):
                    pass
            except TranscriptionFailure as failure:
                self.failure = ConfigurationError(f"{job.path}: {failure.detail}")
                return
            except Exception as error:  # noqa: BLE001 - the measurement ends with it, in the main thread
                self.failure = error
                return
            with self._lock:
                self.done += 1
                self.audio_seconds += job.seconds
                _say(Progress(audio_seconds=self.audio_seconds))

    def _rounds(self) -> Iterator[Speech]:
        for number in itertools.count(1):
            yield from self._speech
            if number * len(self._speech) >= self._at_least and time.monotonic() > self._until:
                return


def _job_of(path: Path, decoder: Decoder, cut: Path) -> Speech:
    """Return a user's recording as a job: the file as it is or, if it is long, a piece of it in a file of its own."""
    try:
        with decoder.open(path) as audio:
            seconds = sum(window.shape[1] for window in audio) / SAMPLE_RATE
        if seconds <= _LONGEST_JOB_SECONDS:
            return Speech(path=path, seconds=seconds)
        begin = round((seconds - _LONGEST_JOB_SECONDS) / 2 * SAMPLE_RATE)
        end = begin + round(_LONGEST_JOB_SECONDS * SAMPLE_RATE)
        position, kept = 0, []
        with decoder.open(path) as audio:
            for window in audio:
                kept.append(window[0, max(0, begin - position) : max(0, end - position)])
                position += window.shape[1]
    except TranscriptionFailure as failure:
        raise ConfigurationError(f"{path} can't be used as audio: {failure.detail}") from None
    return _written(np.concatenate(kept), cut)


def _sample_pieces(samples: NDArray[np.float32], folder: Path) -> Iterator[Speech]:
    """Cut pieces of many lengths from many places, no two alike."""
    seconds = len(samples) / SAMPLE_RATE
    for number in range(_SAMPLE_PIECES):
        length = _SHORTEST_PIECE_SECONDS + (seconds - _SHORTEST_PIECE_SECONDS) * number / (_SAMPLE_PIECES - 1)
        # 7 shares no divisor with 16: every sixteenth is a place once, and neighbours in length lie apart.
        start = (seconds - length) * (number * 7 % _SAMPLE_PIECES) / (_SAMPLE_PIECES - 1)
        begin = round(start * SAMPLE_RATE)
        yield _written(samples[begin : begin + round(length * SAMPLE_RATE)], folder / f"{number}.wav")


def _written(samples: NDArray[np.float32], path: Path) -> Speech:
    """Write samples between -1 and 1 as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
    return Speech(path=path, seconds=len(samples) / SAMPLE_RATE)


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _say(message: Machine | Progress | Measurement) -> None:
    print(message.model_dump_json(), flush=True)  # noqa: T201 - it is what the process is for


def main() -> int:
    """Answer the request that is the only argument; return the exit status."""
    request = REQUEST.validate_json(sys.argv[1])

    def answer(settings: WorkerSettings) -> int:
        _say(survey(settings, request) if isinstance(request, Survey) else measure(settings, request))
        return 0

    return run_process(WorkerSettings, answer)


if __name__ == "__main__":
    sys.exit(main())
