"""How text fits speech, and what a worker counts of a chunk that is heard again: real listening, a scripted model."""

from collections.abc import Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from core.tracing import NoSpan
from core.transcript import Segment
from worker.audio import SAMPLE_RATE
from worker.engine.chunking import Chunk
from worker.engine.guard import Fault
from worker.engine.languages import Language
from worker.engine.listening import Listener, Manner
from worker.engine.observer import ChunkFigures
from worker.engine.requests import Decode, Decoded
from worker.engine.whisper import Decoding, Hypothesis
from worker.metrics import WorkerMetrics

if TYPE_CHECKING:
    from worker.engine.batcher import Party
    from worker.engine.whisper import Whisper

START = 100.0
"""Of every chunk here, in the time of its stream."""
ENGLISH = Language("en")
FIRST_TIMESTAMP, END_OF_TEXT = 1000, 999


def chunk(*speech: tuple[float, float], seconds: float = 6.0) -> Chunk:
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * SAMPLE_RATE)).astype(np.float32)
    return Chunk(0, START, samples, speech)


def segment(start: float, end: float, avg_logprob: float = -0.5) -> Segment:
    return Segment(
        id=0,
        seek=0,
        start=START + start,
        end=START + end,
        text=" words",
        tokens=(),
        temperature=0.0,
        avg_logprob=avg_logprob,
        compression_ratio=1.0,
        no_speech_prob=0.0,
    )


@pytest.mark.parametrize(
    ("speech", "texts", "coverage", "on_silence"),
    [
        ([(1, 3)], [(0.5, 3.5)], 1.0, False),
        ([(1, 3)], [(0.5, 2)], 0.5, False),
        ([(1, 2), (3, 4)], [(1, 2)], 0.5, False),
        ([(1, 2), (3, 4)], [(0, 5)], 1.0, False),
        ([(0, 4)], [(0, 3), (1, 2)], 0.75, False),
        ([(0, 4)], [(0, 2), (1, 4)], 1.0, False),
        ([(0, 4)], [], 0.0, False),
        ([(0, 2)], [(0, 2), (3, 4)], 1.0, True),
        ([], [(0, 2)], None, True),
        ([], [], None, False),
        # Where a chunk was cut, nothing may be left of a stretch of speech.
        ([(2, 2)], [(1, 3)], None, False),
        ([(0.1, 0.2), (0.3, 0.7)], [(0.1, 0.2), (0.25, 0.7)], 1.0, False),
    ],
)
def test_text_is_held_against_speech(
    speech: list[tuple[float, float]], texts: list[tuple[float, float]], coverage: float | None, on_silence: bool
) -> None:
    figures = ChunkFigures.of(chunk(*speech), [segment(*each) for each in texts])
    assert figures.speech_coverage == (None if coverage is None else pytest.approx(coverage))
    assert figures.has_text_on_silence is on_silence
    assert (figures.avg_logprob is None) is (not texts)


def test_a_chunk_is_as_likely_as_its_segments_are_on_average() -> None:
    figures = ChunkFigures.of(chunk((0, 4)), [segment(0, 1, -0.2), segment(1, 4, -0.6)])
    assert figures.avg_logprob == pytest.approx(-0.4)


# What a worker counts


class Model:
    """Gives the texts that it was told to, one after the other, each from the first second to the fourth."""

    def __init__(self, answers: Sequence[Hypothesis]) -> None:
        self._answers = list(answers)
        self.mel_filters = np.zeros((80, 201), dtype=np.float32)
        self.attempt = NoSpan()

    def tokenizer(self, _language: str, _task: str) -> object:
        return SimpleNamespace(
            timestamp_begin=FIRST_TIMESTAMP, eot=END_OF_TEXT, decode=lambda tokens: " words" if tokens else ""
        )

    def submit(self, _request: Decode, *, first: bool = False) -> Future[Decoded]:
        del first
        answer: Future[Decoded] = Future()
        answer.set_result(Decoded(self._answers.pop(0), ENGLISH, None))
        return answer


def text(*, avg_logprob: float = -0.3, no_speech_prob: float = 0.0, is_cut: bool = False) -> Hypothesis:
    return Hypothesis((FIRST_TIMESTAMP + 50, 7, FIRST_TIMESTAMP + 200), avg_logprob, no_speech_prob, is_cut)


LOOP = text(is_cut=True)
UNLIKELY = text(avg_logprob=-1.5)


def counted(answers: Sequence[Hypothesis], of: Chunk, *, heeds_speech: bool = True) -> WorkerMetrics:
    """Listen to a chunk and return what that counted."""
    metrics, model = WorkerMetrics(), Model(answers)
    manner = Manner(Decoding(), wants_words=False, heeds_speech=heeds_speech)
    listener = Listener(cast("Whisper", model), cast("Party", model), manner, observer=metrics)
    listener.begin(of, ENGLISH).text()
    return metrics


def value(metrics: WorkerMetrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"transcription_{name}", labels) or 0.0


def fallbacks(metrics: WorkerMetrics) -> dict[str, float]:
    windows = ("padded", "full", "no_repeats")
    return {window: value(metrics, "context_fallbacks_total", window=window) for window in windows}


def likelihoods(metrics: WorkerMetrics) -> dict[str, float]:
    """Return how many texts were at most so likely."""
    return {bound: value(metrics, "avg_logprob_bucket", le=bound) for bound in ("-0.4", "-0.3", "+Inf")}


def test_a_sound_chunk_is_counted_once_and_not_heard_again() -> None:
    metrics = counted([text()], chunk((1.0, 4.0)))
    assert value(metrics, "chunks_total") == 1
    assert fallbacks(metrics) == {"padded": 0, "full": 0, "no_repeats": 0}
    assert likelihoods(metrics) == {"-0.4": 0, "-0.3": 1, "+Inf": 1}
    assert value(metrics, "speech_coverage_sum") == pytest.approx(1.0)
    assert value(metrics, "text_on_silence_total") == 0


@pytest.mark.parametrize(
    ("answers", "heard_again", "refused"),
    [
        ([LOOP, text()], {"padded": 1, "full": 0, "no_repeats": 0}, {"repetitive": 1}),
        ([LOOP, LOOP, text()], {"padded": 1, "full": 1, "no_repeats": 0}, {"repetitive": 2}),
        ([LOOP, LOOP, LOOP, text()], {"padded": 1, "full": 1, "no_repeats": 1}, {"repetitive": 3}),
        ([LOOP] * 4, {"padded": 1, "full": 1, "no_repeats": 1}, {"repetitive": 4}),
        ([UNLIKELY, UNLIKELY], {"padded": 1, "full": 0, "no_repeats": 0}, {"unlikely": 2}),
    ],
    ids=["once", "twice", "three times", "in vain", "unclear audio"],
)
def test_a_chunk_that_is_heard_again_is_counted_by_the_way(
    answers: list[Hypothesis], heard_again: dict[str, float], refused: dict[str, float]
) -> None:
    metrics = counted(answers, chunk((1.0, 4.0)))
    assert fallbacks(metrics) == heard_again
    assert {fault: value(metrics, "texts_refused_total", fault=fault) for fault in refused} == refused
    assert value(metrics, "chunks_total") == 1


def test_a_chunk_heard_in_two_parts_is_one_chunk() -> None:
    # Speech behind the text is listened to once more.
    metrics = counted([text(), text()], chunk((1.0, 4.0), (7.0, 10.0), seconds=11.0))
    assert value(metrics, "chunks_total") == 1
    assert value(metrics, "speech_coverage_count") == 1
    assert value(metrics, "speech_coverage_sum") > 0.75


def test_text_where_nobody_speaks_is_counted() -> None:
    metrics = counted([text()], chunk(), heeds_speech=False)
    assert value(metrics, "text_on_silence_total") == 1
    assert value(metrics, "speech_coverage_count") == 0


def test_silence_that_stays_silent_has_no_likelihood() -> None:
    metrics = counted([text(avg_logprob=-2, no_speech_prob=0.9)], chunk(), heeds_speech=False)
    assert value(metrics, "chunks_total") == 1
    assert value(metrics, "text_on_silence_total") == 0
    assert likelihoods(metrics) == {"-0.4": 0, "-0.3": 0, "+Inf": 0}


def test_a_batch_is_as_full_as_it_could_have_been() -> None:
    metrics = WorkerMetrics()
    metrics.observe_batch(3, 4, 0.2)
    metrics.observe_batch(1, 1, 0.1)
    assert value(metrics, "batch_fill_bucket", le="0.75") == 1
    assert value(metrics, "batch_fill_count") == 2
    assert value(metrics, "batch_fill_sum") == pytest.approx(1.75)


def test_labels_that_are_known_are_there_from_the_start() -> None:
    registry: Any = WorkerMetrics().registry
    assert registry.get_sample_value("transcription_failures_total", {"code": "out_of_memory"}) == 0
    assert registry.get_sample_value("transcription_context_fallbacks_total", {"window": "full"}) == 0
    for fault in Fault:
        assert registry.get_sample_value("transcription_texts_refused_total", {"fault": fault}) == 0
    assert registry.get_sample_value("transcription_job_latency_seconds_count", {"duration": "longer"}) == 0
