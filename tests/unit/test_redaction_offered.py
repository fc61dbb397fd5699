"""A job is taken only if whichever worker gets it can redact what it asks for."""

from collections.abc import Collection
from pathlib import Path

import pytest
import spacy

from api.redaction import check_redaction
from core.errors import ConfigurationError, FailureCode, InvalidOptions, TranscriptionFailure
from core.pii import MODEL_KINDS, PATTERN_KINDS, PiiKind
from core.worker_entry import WorkerEntry
from tests.worker_entries import worker_entry
from worker.redaction.finder import Found, PiiFinder

EMAIL_AND_NAME = (PiiKind.EMAIL, PiiKind.NAME)


def worker(*redacts: PiiKind, lane: str = "base") -> WorkerEntry:
    return worker_entry(lane=lane, redacts=redacts)


@pytest.mark.parametrize(
    ("kinds", "workers"),
    [
        ((), []),
        ((PiiKind.EMAIL,), []),
        ((PiiKind.EMAIL,), [worker(*PATTERN_KINDS)]),
        (EMAIL_AND_NAME, [worker(*PiiKind), worker(*PiiKind)]),
        (EMAIL_AND_NAME, [worker(*PiiKind), worker(lane="tiny")]),
    ],
)
def test_what_every_worker_of_the_lane_can_redact_is_taken(
    kinds: Collection[PiiKind], workers: list[WorkerEntry]
) -> None:
    check_redaction(kinds, "base", workers)


@pytest.mark.parametrize(
    ("kinds", "workers", "remedy"),
    [
        (EMAIL_AND_NAME, [], "REDACT_NAME_MODEL=en_core_web_sm"),
        (EMAIL_AND_NAME, [worker(*PATTERN_KINDS)], "REDACT_NAME_MODEL=en_core_web_sm"),
        (EMAIL_AND_NAME, [worker(*PiiKind), worker(*PATTERN_KINDS)], "REDACT_NAME_MODEL=en_core_web_sm"),
        ((PiiKind.EMAIL,), [worker(*PATTERN_KINDS), worker()], "scriptorium[redaction]"),
        ((PiiKind.EMAIL,), [worker(*PATTERN_KINDS, lane="tiny"), worker()], "scriptorium[redaction]"),
    ],
)
def test_what_some_worker_of_the_lane_can_not_redact_is_refused_with_what_to_install(
    kinds: Collection[PiiKind], workers: list[WorkerEntry], remedy: str
) -> None:
    with pytest.raises(InvalidOptions) as refused:
        check_redaction(kinds, "base", workers)
    assert [problem.option for problem in refused.value.problems] == ["redact"]
    assert remedy in refused.value.detail


@pytest.fixture
def names(tmp_path: Path) -> PiiFinder:
    """A finder with a German pipeline, saved and loaded as a trained one is."""
    pipeline = spacy.blank("de")
    patterns = [{"label": "PER", "pattern": "Erika Muster"}, {"label": "LOC", "pattern": "Bremen"}]
    pipeline.add_pipe("entity_ruler").add_patterns(patterns)  # type: ignore[attr-defined]
    pipeline.to_disk(tmp_path / "names")
    return PiiFinder(name_model=str(tmp_path / "names"), phone_regions=("DE",))


def test_a_model_finds_names_and_places_of_those_that_are_asked_for(names: PiiFinder) -> None:
    text = "Erika Muster aus Bremen, erreichbar unter 0171 2345678."
    assert names.kinds == (*PATTERN_KINDS, *MODEL_KINDS)
    assert names.find(text, (PiiKind.NAME, PiiKind.PHONE), language="de") == [
        Found(PiiKind.NAME, 0, 12),
        Found(PiiKind.PHONE, 42, 54),
    ]
    assert names.find(text, (PiiKind.LOCATION,), language="de") == [Found(PiiKind.LOCATION, 17, 23)]


def test_a_language_that_the_model_does_not_know_ends_the_attempt(names: PiiFinder) -> None:
    with pytest.raises(TranscriptionFailure, match="English") as failed:
        names.find("I am Erika Muster.", (PiiKind.NAME,), language="en")
    assert failed.value.failure is FailureCode.REDACTION_UNAVAILABLE


@pytest.mark.parametrize("missing", ["en_core_web_missing", "no/such/folder", "worker.nothing"])
def test_a_worker_with_a_model_that_is_not_there_does_not_start(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        PiiFinder(name_model=missing, phone_regions=())
