"""faster-whisper: clip after clip as its README shows it, batched, and two threads at its best on two cores."""

import sys
from typing import Literal

from bench.peers.environment import weights
from bench.peers.library import Library

Way = Literal["default", "batched", "two-threads"]

_NAMES: dict[Way, str] = {
    "default": "faster-whisper, transcribe()",
    "batched": "faster-whisper, BatchedInferencePipeline",
    "two-threads": "faster-whisper, 2 threads over 2 replicas",
}


def faster_whisper(way: Way) -> Library:
    """Return the service's own release of faster-whisper with int8 and otherwise its defaults."""
    return Library(
        _NAMES[way],
        "2 threads" if way == "two-threads" else "a loop",
        lambda: [sys.executable, "-m", "bench.peers.faster_whisper_process", str(weights()), way],
    )
