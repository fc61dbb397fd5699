"""whisper.cpp through pywhispercpp, on the service's weights written anew in its own 8-bit format."""

from collections.abc import Sequence
from pathlib import Path

from bench.peers.environment import PEERS, program, weights
from bench.peers.ggml import write_ggml
from bench.peers.library import Library


def whisper_cpp() -> Library:
    """Return it at its defaults but for the language, which it is to detect."""
    return Library("whisper.cpp (pywhispercpp), Q8_0", "a loop", _command)


def _command() -> Sequence[str]:
    return [program("python"), "-m", "bench.peers.whisper_cpp_process", str(_model())]


def _model() -> Path:
    """Return the model as whisper.cpp reads it, written the first time."""
    path = PEERS / "whisper-base-q8_0.bin"
    if not path.exists():
        part = path.with_suffix(".part")
        write_ggml(weights(), part)
        part.rename(path)
    return path
