"""What a scrape reads from Redis and of the media disk: the same whichever gateway is asked, so it is never summed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api.correction_metrics import correction_metrics
from api.correction_store import CorrectionTotals
from api.job_store import LaneState
from core.worker_entry import WorkerEntry, WorkerState

WEBHOOK_OUTCOMES = ("delivered", "retry", "given_up", "disabled")
"""How an attempt to deliver a webhook event ends."""

_Sample = tuple[Sequence[str], float]
"""Values of the labels, and the metric's."""


@dataclass(frozen=True, slots=True)
class StoreReading:
    """What Redis said."""

    lanes: Sequence[LaneState]
    workers: Sequence[WorkerEntry]
    jobs_processing: int
    dead_letters: int
    corrections: CorrectionTotals
    webhooks_waiting: int
    webhook_attempts: Mapping[str, int]
    """By outcome, since ever."""


class StoreMetrics(Collector):
    """One reading as metrics. Without one, what Redis would have said is left out: no figure is better than an old one.

    Args:
        reading: None if Redis did not answer.
        media_free_bytes: What is left on the fullest of the disks that audio lies on; None if it did not say.
    """

    def __init__(self, reading: StoreReading | None, *, media_free_bytes: float | None) -> None:
        self._reading = reading
        self._media_free_bytes = media_free_bytes

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, some without a value."""
        yield _gauge(
            "transcription_store_up", "1 if Redis answered this scrape", (), [((), float(self._reading is not None))]
        )
        yield _gauge(
            "transcription_media_free_bytes",
            "Space left on the fullest of the disks that audio lies on",
            (),
            [] if self._media_free_bytes is None else [((), self._media_free_bytes)],
        )
        lanes = self._reading.lanes if self._reading else ()
        yield from _queues(lanes)
        yield from _totals(lanes)
        yield from _others([self._reading] if self._reading else [])
        if self._reading:
            results = sum(lane.counters.get("completed", 0) for lane in lanes)
            yield from correction_metrics(self._reading.corrections, results=results)


def _queues(lanes: Sequence[LaneState]) -> Iterator[Metric]:
    yield _gauge(
        "transcription_queue_depth",
        "Jobs waiting, by lane",
        ("lane",),
        [((lane.lane,), lane.pending_jobs) for lane in lanes],
    )
    yield _gauge(
        "transcription_queue_audio_seconds",
        "Audio waiting, by lane",
        ("lane",),
        [((lane.lane,), lane.pending_audio_seconds) for lane in lanes],
    )
    yield _gauge(
        "transcription_queue_oldest_age_seconds",
        "How long the job that waits longest has waited since it was queued, for the first time or again; 0 if none is",
        ("lane",),
        [((lane.lane,), lane.oldest_age_seconds) for lane in lanes],
    )


def _totals(lanes: Sequence[LaneState]) -> Iterator[Metric]:
    hits = {lane.lane: lane.counters.get("cached", 0) + lane.counters.get("joined", 0) for lane in lanes}
    yield _counter(
        "transcription_cache_hits_total",
        "Jobs answered from a finished work, or by one that waited or ran already",
        ("lane",),
        [((lane,), times) for lane, times in hits.items()],
    )
    yield _counter(
        "transcription_cache_misses_total",
        "Jobs that made a work of their own",
        ("lane",),
        [((lane.lane,), lane.counters.get("accepted", 0) - hits[lane.lane]) for lane in lanes],
    )
    yield _counter(
        "transcription_lease_expiries_total",
        "Jobs taken back from workers that were silent for as long as their lease",
        ("lane",),
        [((lane.lane,), lane.counters.get("lease_expiries", 0)) for lane in lanes],
    )


def _others(readings: Sequence[StoreReading]) -> Iterator[Metric]:
    yield _gauge(
        "transcription_workers",
        "Workers that have said so of late, by lane and state; 0 for a lane that has jobs and no worker",
        ("lane", "state"),
        [sample for reading in readings for sample in _workers(reading)],
    )
    yield _gauge(
        "transcription_jobs_processing",
        "Works that a worker has claimed",
        (),
        [((), reading.jobs_processing) for reading in readings],
    )
    yield _gauge(
        "transcription_dead_letters",
        "Failed works an operator may requeue or purge",
        (),
        [((), reading.dead_letters) for reading in readings],
    )
    yield _gauge(
        "transcription_webhooks_waiting",
        "Webhook events to be delivered, now or later",
        (),
        [((), reading.webhooks_waiting) for reading in readings],
    )
    yield _counter(
        "transcription_webhook_attempts_total",
        "Attempts to deliver a webhook event since ever, by how they ended",
        ("outcome",),
        [
            ((outcome,), reading.webhook_attempts.get(outcome, 0))
            for reading in readings
            for outcome in WEBHOOK_OUTCOMES
        ],
    )


def _workers(reading: StoreReading) -> Iterator[_Sample]:
    lanes = {lane.lane for lane in reading.lanes} | {worker.lane for worker in reading.workers}
    for lane in sorted(lanes):
        for state in WorkerState:
            yield (lane, state), sum((worker.lane, worker.state) == (lane, state) for worker in reading.workers)


def _gauge(name: str, documentation: str, labels: Sequence[str], samples: Iterable[_Sample]) -> Metric:
    return _filled(GaugeMetricFamily(name, documentation, labels=labels), samples)


def _counter(name: str, documentation: str, labels: Sequence[str], samples: Iterable[_Sample]) -> Metric:
    return _filled(CounterMetricFamily(name, documentation, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: Iterable[_Sample]) -> Metric:
    for values, value in samples:
        family.add_metric(values, value)
    return family
