"""What the diarizer asks of a network: embeddings of windows, alike where the voice is the same."""

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


class VoiceModel(Protocol):
    """A network in memory, used by many threads at once."""

    def embeddings(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return unit vectors of shape (n, width) for windows of shape (n, WINDOW_SAMPLES), n at least 1."""


class OnnxVoiceModel:
    """A network from filter banks to embeddings, as WeSpeaker and 3D-Speaker export theirs.

    Args:
        path: An ONNX file. Its one input is of shape (windows, frames, 80), its first output (windows, width).

    Raises:
        ConfigurationError: it can't be loaded, or takes something else.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1  # whoever asks has threads of his own
        options.enable_cpu_mem_arena = False  # it would keep the memory of the largest call
        options.log_severity_level = 4  # fatal
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own have no common class
            raise ConfigurationError(f"The model of voices in {path} can't be loaded: {error}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != _INPUT_DIMENSIONS or inputs[0].shape[-1] != filter_bank.BINS:
            raise ConfigurationError(
                f"DIARIZATION_MODEL={path} takes {[each.shape for each in inputs]}, not filter banks of the shape "
                f"(windows, frames, {filter_bank.BINS})."
            )
        self._input = inputs[0].name

    def embeddings(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return unit vectors of shape (n, width)."""
        features = filter_bank.features(windows)
        found = self._session.run(None, {self._input: features})[0]
        lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return np.asarray(found / lengths, dtype=np.float32)
