"""`python -m bench.recorded_engine`: transcribes the clips of a request, recorded, and sends the calls again.

The engine runs as the worker builds it, with CTranslate2's model replaced by one that keeps what it is called with.
Then the same calls, with the same features and encodings, go to the same model again, from a thread for each replica.

A request on standard input, `{"clips": [path], "quality": name, "jobs": number}`; the answer on standard output,
`bench.floor.Outcome`. The module is named like the worker's own, `__main__` of a package, so that the decoder's child
processes, as they do there, import nothing of it.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from bench.floor import Outcome
from core.options import TranscriptionOptions
from tests.harness.service import MODEL_CACHE
from tests.media import clip
from worker.main import build_decoder, build_transcriber
from worker.metrics import WorkerMetrics
from worker.settings import WorkerSettings
from worker.transcriber import Transcriber

_METHODS = ("encode", "detect_language", "generate", "align")


class _Call(NamedTuple):
    """A call of CTranslate2's model with a batch."""

    method: str
    """One of `_METHODS`."""
    batch: NDArray[np.float32]
    """Log-mel features of shape (clips, mels, frames), or their encoding of shape (clips, frames / 2, width)."""
    arguments: tuple[Any, ...]
    """Behind the batch."""
    options: dict[str, Any]


def _recording(calls: list[_Call]) -> type[ctranslate2.models.Whisper]:
    """Return CTranslate2's model as a class that keeps, in a list, what it is called with."""

    class Recording(ctranslate2.models.Whisper):  # type: ignore[misc]  # ctranslate2 ships no types
        pass

    for method in _METHODS:
        setattr(Recording, method, _recorded(method, calls))
    return Recording


def _recorded(method: str, calls: list[_Call]) -> Callable[..., Any]:
    plain = getattr(ctranslate2.models.Whisper, method)

    def call(model: ctranslate2.models.Whisper, batch: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        calls.append(_Call(method, np.array(batch), arguments, options))
        return plain(model, batch, *arguments, **options)

    return call


def _calls_seconds(model: ctranslate2.models.Whisper, calls: Sequence[_Call]) -> float:
    """Return how long a model takes for calls from a thread for each replica, each the next one as soon as it can."""

    def send(call: _Call) -> None:
        # The plain model's method, which keeps nothing.
        method = getattr(ctranslate2.models.Whisper, call.method)
        method(model, ctranslate2.StorageView.from_array(call.batch), *call.arguments, **call.options)

    with ThreadPoolExecutor(model.num_workers) as executor:
        started = time.perf_counter()
        list(executor.map(send, calls))
        return time.perf_counter() - started


def _find(clips: Sequence[Path], quality: str, jobs: int) -> Outcome:
    """Transcribe the clips, so many at once, and send what that called again."""
    options = TranscriptionOptions.model_validate({"quality": quality})
    calls: list[_Call] = []
    models: list[ctranslate2.models.Whisper] = []
    model_class = _recording(calls)

    def load(*arguments: Any, **named: Any) -> ctranslate2.models.Whisper:  # noqa: ANN401 - as untyped as CTranslate2
        models.append(model_class(*arguments, **named))
        return models[-1]

    with patch.object(ctranslate2.models, "Whisper", load):
        settings, metrics = WorkerSettings(model_cache_dir=MODEL_CACHE), WorkerMetrics()
        transcriber = build_transcriber(settings, build_decoder(settings, metrics), metrics)
    (model,) = models
    _transcribed(transcriber, clip("garden"), options)
    calls.clear()
    with ThreadPoolExecutor(jobs) as executor:
        heard = list(executor.map(lambda path: _transcribed(transcriber, path, options), clips))
    texts, clip_seconds = zip(*heard, strict=True)
    return Outcome(texts, clip_seconds, _calls_seconds(model, calls))


def _transcribed(transcriber: Transcriber, path: Path, options: TranscriptionOptions) -> tuple[str, float]:
    started = time.perf_counter()
    passages = transcriber.transcribe(path, options)
    text = "".join(segment.text for passage in passages for segment in passage.segments)
    return text, time.perf_counter() - started


def _main() -> None:
    request = json.load(sys.stdin)
    found = _find([Path(path) for path in request["clips"]], request["quality"], request["jobs"])
    print(json.dumps(found._asdict()))


if __name__ == "__main__":
    _main()
