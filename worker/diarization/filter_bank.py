"""Log-mel filter banks as Kaldi computes them, which networks for speaker recognition are trained on."""

import functools
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.audio import SAMPLE_RATE

BINS: Final = 80
_FRAME: Final = round(0.025 * SAMPLE_RATE)
_HOP: Final = round(0.010 * SAMPLE_RATE)
_FFT: Final = 512
_PREEMPHASIS: Final = np.float32(0.97)
_LOWEST_HZ: Final = 20.0
_FLOOR: Final = np.finfo(np.float32).eps


def frames_of(samples: int) -> int:
    """Return how many frames lie whole within so many samples."""
    return 1 + (samples - _FRAME) // _HOP


def features(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of windows of equal length, each less its mean over time.

    Args:
        windows: Shape (n, samples) at 16 kHz, between -1 and 1.

    Returns:
        Shape (n, frames, BINS).
    """
    frames = np.lib.stride_tricks.sliding_window_view(windows, _FRAME, axis=1)[:, ::_HOP]
    frames = frames - frames.mean(axis=2, keepdims=True)
    before = np.concatenate((frames[..., :1], frames[..., :-1]), axis=2)
    spectrum = np.fft.rfft((frames - _PREEMPHASIS * before) * _povey(), _FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    logs = np.log(np.maximum(power @ _mel_filters(), _FLOOR))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True), dtype=np.float32)


@functools.cache
def _povey() -> NDArray[np.float32]:
    """Return Kaldi's window: Hann's to the power of 0.85."""
    return (np.hanning(_FRAME) ** 0.85).astype(np.float32)


@functools.cache
def _mel_filters() -> NDArray[np.float32]:
    """Return triangles that are equally wide in mel, shape (frequencies, BINS)."""
    lowest, highest = _mel(np.array([_LOWEST_HZ, SAMPLE_RATE / 2]))
    edges = np.linspace(lowest, highest, BINS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    mel = _mel(np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE))[:, np.newaxis]
    rising, falling = (mel - left) / (centre - left), (right - mel) / (right - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


def _mel(hertz: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + hertz / 700.0), dtype=np.float64)
