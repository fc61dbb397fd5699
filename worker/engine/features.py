"""Log-mel features, as Whisper was trained on them, of a chunk and not of a fixed 30 seconds."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND: Final = 100
FULL_WINDOW_FRAMES: Final = 3000
"""The 30 s that Whisper was trained with; its encoder takes no more."""

_HOP: Final = 160
_FFT: Final = 400
"""10 ms and 25 ms at 16 kHz (Radford et al. 2022, section 2.2)."""
_HANN: Final = np.hanning(_FFT + 1)[:-1].astype(np.float32)
_BLOCK: Final = 100
"""Frames that are transformed at a time: what that takes stays in the processor's caches, and is little."""
_FLOOR: Final = 1e-10
_RANGE: Final = 8.0
"""Decades below the loudest point; what is quieter counts as silence (`log_mel_spectrogram` of openai/whisper)."""


def log_mel(samples: NDArray[np.float32], filters: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of audio at 16 kHz: shape (mels, frames), a frame for every 10 ms begun.

    Args:
        samples: Shape (n,), between -1 and 1, at least one.
        filters: The mel filter bank, shape (mels, 201).
    """
    frames = math.ceil(len(samples) / _HOP)
    # Silence around, half a transform on each side, puts the middle of frame i at i x 10 ms.
    padded = np.zeros(frames * _HOP + _FFT, dtype=np.float32)
    padded[_FFT // 2 : _FFT // 2 + len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[: frames * _HOP : _HOP]
    power = np.empty((frames, _FFT // 2 + 1), dtype=np.float32)
    for first in range(0, frames, _BLOCK):
        spectrum = np.fft.rfft(windows[first : first + _BLOCK] * _HANN, axis=-1)
        power[first : first + _BLOCK] = spectrum.real**2 + spectrum.imag**2
    decades = np.log10(np.maximum(filters @ power.T, _FLOOR))
    scaled: NDArray[np.float32] = ((np.maximum(decades, decades.max() - _RANGE) + 4.0) / 4.0).astype(np.float32)
    return scaled


def padded_window(features: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return features at exactly so many frames, what is missing filled with silence.

    Silence is the quietest value of this chunk's own features, as if the audio had been followed by digital silence.
    """
    short = frames - features.shape[1]
    if short <= 0:
        return features[:, :frames]
    return np.pad(features, ((0, 0), (0, short)), constant_values=features.min())
