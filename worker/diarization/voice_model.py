"""What the diarizer asks of a network: embeddings of windows, alike where the voice is the same."""

import threading
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.errors import ConfigurationError
from worker.audio import SAMPLE_RATE
from worker.diarization import filter_bank

WINDOW_SAMPLES: Final = round(1.5 * SAMPLE_RATE)
"""Of one embedding: less tells voices apart badly, more holds several of them."""
_INPUT_DIMENSIONS: Final = 3
_AT_ONCE: Final = 4
"""Windows in one call: more take more memory, 9 MiB each, and no less time."""


class VoiceModel(Protocol):
    """A network in memory, used by many threads at once."""

    def embeddings(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return unit vectors of shape (n, width) for windows of shape (n, WINDOW_SAMPLES), n at least 1."""


class OnnxVoiceModel:
    """A network from filter banks to embeddings, as WeSpeaker and 3D-Speaker export theirs.

    It is loaded when it is needed: most workers never tell voices apart, and it takes 66 MiB.

    Args:
        path: An ONNX file. Its one input is of shape (windows, frames, 80), its first output (windows, width).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session: onnxruntime.InferenceSession | None = None
        self._loading = threading.Lock()

    def check(self) -> None:
        """Load it and let it go.

        Raises:
            ConfigurationError: it can't be loaded, or takes something else.
        """
        _session(self._path)

    def embeddings(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return unit vectors of shape (n, width).

        Raises:
            ConfigurationError: as `check`.
        """
        with self._loading:
            session = self._session = self._session or _session(self._path)
        (name,) = (each.name for each in session.get_inputs())
        found = np.concatenate(
            [
                session.run(None, {name: filter_bank.features(windows[first : first + _AT_ONCE])})[0]
                for first in range(0, len(windows), _AT_ONCE)
            ]
        )
        lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return np.asarray(found / lengths, dtype=np.float32)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1  # whoever asks has threads of his own
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest call
    options.log_severity_level = 4  # fatal
    try:
        session = onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common class
        raise ConfigurationError(f"The model of voices in {path} can't be loaded: {error}") from error
    shapes = [each.shape for each in session.get_inputs()]
    if len(shapes) != 1 or len(shapes[0]) != _INPUT_DIMENSIONS or shapes[0][-1] != filter_bank.BINS:
        raise ConfigurationError(
            f"DIARIZATION_MODEL={path} takes {shapes}, not filter banks of the shape (windows, frames, "
            f"{filter_bank.BINS})."
        )
    return session
