"""What jobs ask of the model: which language, which text, where the words are.

A request comes with a window of features, or with an encoding that an earlier one has kept. Only windows of the same
length, for the same decoding, share a batch, and the model computes each row by itself: nobody's text depends on his
neighbours.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engine.languages import Language, vote
from worker.engine.whisper import Decoding, Encoded, Hypothesis, Whisper, WhisperTask


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of audio as the model takes it."""

    features: NDArray[np.float32]
    """Shape (mels, frames), padded to a length that other windows have as well."""
    encoding: NDArray[Any] | None = None
    """What the encoder makes of it, shape (frames / 2, width), if an earlier request has kept that."""

    @property
    def kind(self) -> Hashable:
        """Equal for windows that can be computed together."""
        return self.features.shape[1], self.encoding is None

    @property
    def cost(self) -> float:
        """Its length in frames."""
        return float(self.features.shape[1])


@dataclass(frozen=True, slots=True)
class Detected:
    """Languages of a window, and its encoding for what comes next."""

    probabilities: Mapping[str, float]
    encoding: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a window."""

    hypothesis: Hypothesis
    language: Language
    encoding: NDArray[Any] | None
    """If it was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Detect:
    """Asks which language is spoken in a window."""

    whisper: Whisper
    window: Window

    @property
    def key(self) -> Hashable:
        """Equal for requests that may share a batch."""
        return Detect, self.window.kind

    @property
    def cost(self) -> float:
        """What it is charged to its job."""
        return self.window.cost

    def compute(self, batch: Sequence["Detect"]) -> list[Detected]:
        """Return the languages of a batch of windows."""
        encoded = _encoded(self.whisper, [each.window for each in batch])
        rows = self.whisper.rows(encoded)
        return [
            Detected(probabilities, encoding)
            for probabilities, encoding in zip(self.whisper.languages(encoded), rows, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Decode:
    """Asks for the text of a window."""

    whisper: Whisper
    window: Window
    decoding: Decoding
    language: Language | None
    """None to have it detected, in the same pass over the audio."""
    keep_encoding: bool = False

    @property
    def key(self) -> Hashable:
        """Equal for requests that may share a batch."""
        return Decode, self.window.kind, self.decoding, self.language is None, self.keep_encoding

    @property
    def cost(self) -> float:
        """What it is charged to its job."""
        return self.window.cost

    def compute(self, batch: Sequence["Decode"]) -> list[Decoded]:
        """Return the texts of a batch of windows."""
        encoded = _encoded(self.whisper, [each.window for each in batch])
        if self.language is None:
            languages = [vote([found], [1.0]) for found in self.whisper.languages(encoded)]
        else:
            languages = [each.language for each in batch if each.language]
        hypotheses = self.whisper.generate(encoded, [language.code for language in languages], self.decoding)
        rows = self.whisper.rows(encoded) if self.keep_encoding else [None] * len(batch)
        return [Decoded(*each) for each in zip(hypotheses, languages, rows, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Align:
    """Asks where in a window its words are."""

    whisper: Whisper
    window: Window
    tokens: tuple[int, ...]
    """Of the text, without timestamps."""
    language: str
    task: WhisperTask
    frames: int
    """That are audio, not padding."""

    @property
    def key(self) -> Hashable:
        """Equal for requests that may share a batch: texts of one length, as the longest moves the others' words."""
        return Align, self.window.kind, self.language, self.task, len(self.tokens)

    @property
    def cost(self) -> float:
        """What it is charged to its job: little beside the text."""
        return self.window.cost / 4

    def compute(self, batch: Sequence["Align"]) -> list[list[Mapping[str, Any]]]:
        """Return the words of a batch of windows, as faster-whisper aligns them."""
        return self.whisper.align(
            _encoded(self.whisper, [each.window for each in batch]),
            [each.tokens for each in batch],
            [each.frames for each in batch],
            language=self.language,
            task=self.task,
        )


def _encoded(whisper: Whisper, windows: Sequence[Window]) -> Encoded:
    kept = [window.encoding for window in windows if window.encoding is not None]
    return whisper.batch(kept) if kept else whisper.encode(np.stack([window.features for window in windows]))
