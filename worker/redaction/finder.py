"""Finds personal data in text: patterns by Presidio, names by a spaCy model if there is one.

Both are loaded when first asked. Nothing is downloaded, and nothing is passed over: who can't look for what was asked
for raises, be it for a pattern that takes too long or for a language that the model does not know.
"""

import logging
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from core.errors import ConfigurationError, FailureCode, TranscriptionFailure
from core.languages import LANGUAGE_NAMES
from core.pii import MODEL_KINDS, PATTERN_KINDS, PiiKind

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine
    from spacy.language import Language

_LEAST_SCORE: Final = 0.4
"""Of Presidio's, from 0 to 1: what a weak pattern gets if a word such as `phone` stands before it, and a valid phone
number by itself."""
_MODEL_LABELS: Final = {
    "PERSON": PiiKind.NAME,
    "PER": PiiKind.NAME,
    "persName": PiiKind.NAME,
    "GPE": PiiKind.LOCATION,
    "LOC": PiiKind.LOCATION,
    "LOCATION": PiiKind.LOCATION,
    "FAC": PiiKind.LOCATION,
    "placeName": PiiKind.LOCATION,
    "geogName": PiiKind.LOCATION,
}
"""What the pipelines of spaCy call them."""
_ANY_LANGUAGE: Final = "xx"
"""spaCy's code of a model for many languages."""


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data in a text."""

    kind: PiiKind
    start: int
    end: int
    """Index behind its last character."""


class Finder(Protocol):
    """Looks for personal data, for many threads at once."""

    @property
    def kinds(self) -> tuple[PiiKind, ...]:
        """What it can find."""

    def find(self, text: str, kinds: Collection[PiiKind], *, language: str) -> list[Found]:
        """Return what of these kinds is in a text, in order and without overlap.

        Args:
            text: Any length.
            kinds: What to look for.
            language: Whisper's code of the text's language.

        Raises:
            TranscriptionFailure: `redaction_unavailable`, it can't look for all of them.
        """


class PiiFinder:
    """Looks for personal data with Presidio and, for names, with a spaCy model.

    Args:
        name_model: An installed spaCy package or a pipeline's folder; None for no names.
        phone_regions: Countries (ISO 3166) whose phone numbers are known without their `+`.

    Raises:
        ConfigurationError: the model is not there, or nothing to run it with.
    """

    def __init__(self, *, name_model: str | None, phone_regions: Sequence[str]) -> None:
        self._phone_regions = phone_regions
        self._name_model = name_model
        self._loading = threading.Lock()
        self._reading = threading.Lock()
        self.kinds: tuple[PiiKind, ...] = PATTERN_KINDS if find_spec("presidio_analyzer") else ()
        if name_model:
            if not find_spec("spacy"):
                raise ConfigurationError("REDACT_NAME_MODEL needs spaCy: pip install 'scriptorium[redaction]'.")
            if not (Path(name_model).is_dir() or _is_package(name_model)):
                raise ConfigurationError(
                    f"REDACT_NAME_MODEL={name_model} is neither an installed spaCy model nor the folder of one."
                )
            self.kinds += MODEL_KINDS

    def find(self, text: str, kinds: Collection[PiiKind], *, language: str) -> list[Found]:
        """Return what is found, where kinds overlap as one."""
        if missing := [kind for kind in kinds if kind not in self.kinds]:
            raise TranscriptionFailure(
                FailureCode.REDACTION_UNAVAILABLE, f"This worker can't redact {', '.join(missing)}."
            )
        try:
            return merged(self._found(text, kinds, language))
        except (TranscriptionFailure, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the text was not searched
            # Without its message and traceback: Presidio's errors quote the text.
            raise TranscriptionFailure(
                FailureCode.REDACTION_UNAVAILABLE, f"Looking for personal data failed: {type(error).__name__}."
            ) from None

    def _found(self, text: str, kinds: Collection[PiiKind], language: str) -> list[Found]:
        found: list[Found] = []
        if patterns := {kind for kind in kinds if not kind.needs_model}:
            found += self._patterns(text, patterns)
        if named := {kind for kind in kinds if kind.needs_model}:
            found += self._names(text, named, language)
        return found

    def _patterns(self, text: str, kinds: Collection[PiiKind]) -> Iterable[Found]:
        with self._loading:
            analyzer = self._analyzer
        results = analyzer.analyze(text, language=_ANY_LANGUAGE, entities=list(kinds), score_threshold=_LEAST_SCORE)
        return [Found(PiiKind(result.entity_type), result.start, result.end) for result in results]

    def _names(self, text: str, kinds: Collection[PiiKind], language: str) -> Iterable[Found]:
        with self._loading:
            model = self._model
        if model.lang not in {language, _ANY_LANGUAGE}:
            raise TranscriptionFailure(
                FailureCode.REDACTION_UNAVAILABLE,
                f"The workers' model of names ({self._name_model}) does not know "
                f"{LANGUAGE_NAMES.get(language, language).title()}.",
            )
        # What a pipeline learns of the text is forgotten at the end of the zone, which is not for two threads at once.
        with self._reading, model.memory_zone():
            return [
                Found(kind, entity.start_char, entity.end_char)
                for entity in model(text).ents
                if (kind := _MODEL_LABELS.get(entity.label_)) and kind in kinds
            ]

    @cached_property
    def _analyzer(self) -> "AnalyzerEngine":
        _listen_to_presidio()
        from worker.redaction.recognizers import analyzer

        return analyzer(self._phone_regions)

    @cached_property
    def _model(self) -> "Language":
        import spacy

        # What they add takes time, and changes nothing of the names that are found.
        return spacy.load(self._name_model or "", exclude=["parser", "lemmatizer", "senter", "textcat"])


def merged(found: Iterable[Found]) -> list[Found]:
    """Return finds in order; those that overlap as one, of the kind of the longest, or of the surest."""
    surest = list(PiiKind)
    whole: list[Found] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end, surest.index(each.kind))):
        if not whole or each.start >= whole[-1].end:
            whole.append(each)
        elif each.end > whole[-1].end:
            last = whole.pop()
            kind = each.kind if each.end - each.start > last.end - last.start else last.kind
            whole.append(Found(kind, last.start, each.end))
    return whole


def _is_package(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


class _Objections(logging.Handler):
    """Takes Presidio's log: it quotes the text, and tells of a pattern that ran out of time and was skipped."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and isinstance(record.exc_info[1], TimeoutError):
            raise TranscriptionFailure(
                FailureCode.REDACTION_UNAVAILABLE, "Looking for personal data took too long."
            ) from record.exc_info[1]


def _listen_to_presidio() -> None:
    logger = logging.getLogger("presidio-analyzer")
    logger.handlers = [_Objections()]
    logger.propagate = False
    logger.setLevel(logging.WARNING)
