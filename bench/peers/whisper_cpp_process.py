"""`python -m bench.peers.whisper_cpp_process MODEL`: whisper.cpp for `bench.peers.whisper_cpp`.

Runs in the peers' environment.
"""

import sys

import av
import numpy as np
from numpy.typing import NDArray
from pywhispercpp.model import Model

from bench.peers.serving import serve

_SAMPLE_RATE = 16_000


def _main() -> None:
    (path,) = sys.argv[1:]
    model = Model(path, print_progress=False)
    # Empty: the language is detected; the default is English.
    serve(lambda media: "".join(segment.text for segment in model.transcribe(_samples(media), language="")))


def _samples(path: str) -> NDArray[np.float32]:
    """Return a file's audio as whisper.cpp takes it, which decodes WAV alone: float32, 16 kHz, one channel."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=_SAMPLE_RATE)
    with av.open(path) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.float32)


if __name__ == "__main__":
    _main()
