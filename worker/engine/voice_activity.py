"""How likely somebody speaks, frame by frame, as audio streams in.

The network is Silero's (MIT), version 6, in the file that faster-whisper ships. Its own class wants the whole audio at
once; here the recurrent state is kept between calls, so that audio of any length takes the same memory.
"""

import functools
import threading
from pathlib import Path

import numpy as np
import onnxruntime
from faster_whisper.utils import get_assets_path
from numpy.typing import NDArray

FRAME_SAMPLES = 512
"""Samples that one probability is about: 32 ms at 16 kHz, the only size the network was trained for."""

_CONTEXT_SAMPLES = 64
"""Samples before a frame that the network sees as well. Before the first frame they are zeros, as in Silero's own
`OnnxWrapper`."""
_STATE_SHAPE = (1, 1, 128)
"""Of each of the two states of its LSTM."""

_loading = threading.Lock()


class VoiceActivityDetector:
    """The probabilities of speech in one channel at 16 kHz.

    Audio may come in pieces of any size; the probabilities are those of the whole. A call costs about 1.1 ms of one
    core per second of audio, from 16 frames a call on; frame by frame it is 2 ms (AMD EPYC).
    """

    def __init__(self) -> None:
        self._session = _session()
        self._hidden = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._cell = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._held = np.zeros(_CONTEXT_SAMPLES, dtype=np.float32)
        """The context of the next frame, and what has come of that frame."""

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of speech, from 0 to 1, of the frames that these samples complete.

        Args:
            samples: shape (n,), between -1 and 1; n may be 0.

        Returns:
            Shape (frames,); what is behind the last whole frame is held until more comes.
        """
        held = np.concatenate((self._held, samples))
        frames = (len(held) - _CONTEXT_SAMPLES) // FRAME_SAMPLES
        self._held = held[frames * FRAME_SAMPLES :].copy()
        if not frames:
            return np.zeros(0, dtype=np.float32)
        seen = np.lib.stride_tricks.sliding_window_view(held, _CONTEXT_SAMPLES + FRAME_SAMPLES)[::FRAME_SAMPLES]
        probabilities: NDArray[np.float32]
        probabilities, self._hidden, self._cell = self._session.run(
            None, {"input": np.ascontiguousarray(seen), "h": self._hidden, "c": self._cell}
        )
        return probabilities

    def finish(self) -> NDArray[np.float32]:
        """Return the probability of the frame that the end of the audio cut short, if one did; shape (0,) or (1,).

        Zeros fill it up. Nothing may come after it.
        """
        missing = -(len(self._held) - _CONTEXT_SAMPLES) % FRAME_SAMPLES
        return self.probabilities(np.zeros(missing, dtype=np.float32))


def _session() -> onnxruntime.InferenceSession:
    with _loading:  # or threads that come first at once would load it once each
        return _loaded_session()


@functools.cache
def _loaded_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # The frames of a channel depend on one another; threads of its own would only disturb the model's.
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest call
    options.log_severity_level = 4  # fatal
    return onnxruntime.InferenceSession(
        str(Path(get_assets_path()) / "silero_vad_v6.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
    )
