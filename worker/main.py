"""The worker's composition root: loads the model, then builds the Celery worker around it."""

import contextlib
import ctypes
import os
import queue
import socket
import threading
import time
from typing import Any

import structlog
from celery.signals import worker_ready, worker_shutting_down
from redis import Redis
from redis.exceptions import RedisError

from core.celery_app import create_celery
from core.lanes import lane_of, turn_queue
from core.media_stores import MediaStores
from core.redis_clients import connect
from core.scratch import Scratch
from core.sensitivity import Sensitivity
from core.tracing import NO_TRACES, Tracer, build_tracer
from core.user_urls import UrlPolicy
from core.version import VERSION
from core.worker_entry import WorkerEntry, WorkerState
from worker.background import Background
from worker.decoder import Decoder
from worker.diarization.model_file import find_voice_model
from worker.diarization.timeline import Diarizer
from worker.diarization.transcriber import DiarizingTranscriber
from worker.fetching import AudioFetcher, FetchLimits
from worker.handover import Handover
from worker.heartbeat import Heartbeat
from worker.job_runner import JobRunner
from worker.job_store import JobStore
from worker.malware_scan import ClamdAddress, ClamdScan, MalwareScan, NoMalwareScan
from worker.metrics import WorkerMetrics
from worker.outages import NO_PATIENCE, Patience
from worker.outbound import Outbound
from worker.reaper import Reaper
from worker.redaction.finder import PiiFinder
from worker.redaction.transcriber import RedactingTranscriber
from worker.running_jobs import RunningJobs
from worker.scripted_transcriber import ScriptedTranscriber
from worker.settings import WorkerSettings
from worker.tasks import TurnQueue, register_turn
from worker.transcriber import Transcriber
from worker.turns import Turns
from worker.watchdog import Watchdog

_HUB_SECONDS = 0.1
"""A thread of the pool that becomes free does not wake Celery's event loop, which would look for the next turn only
after up to a second."""
_ENTRY_TTL_BEATS = 3
"""Heartbeats that may be missed before a worker counts as gone."""

_LOOP_ANSWER_SECONDS = 5.0
"""How long a heartbeat or the reaper waits for Redis: a connection that died silently must not cost a lease."""
_WATCHDOG_LOOK_SECONDS = 5.0

_M_ARENA_MAX = -8
"""`M_ARENA_MAX` of glibc's malloc.h."""
_ARENAS = 2

logger = structlog.get_logger(__name__)


def build_decoder(settings: WorkerSettings, metrics: WorkerMetrics) -> Decoder:
    """Return what opens the files."""
    return Decoder(
        max_audio_seconds=settings.max_audio_seconds,
        timeout_seconds=settings.decode_timeout_seconds,
        observer=metrics,
    )


def build_transcriber(
    settings: WorkerSettings, decoder: Decoder, metrics: WorkerMetrics, tracer: Tracer = NO_TRACES
) -> Transcriber:
    """Return the transcriber that the settings name, loaded and warm.

    Raises:
        ConfigurationError: the model can't be found.
    """
    if settings.transcriber == "scripted":
        return ScriptedTranscriber(rtf=settings.scripted_rtf, decoder=decoder, tracer=tracer)
    # The inference libraries take a second to import and belong to this transcriber alone.
    from worker.engine.transcriber import WhisperTranscriber
    from worker.engine.whisper import Placement
    from worker.weights import find_weights

    placement = Placement.choose(
        device=settings.device,
        compute_type=settings.compute_type,
        replicas=settings.model_replicas,
        compute_threads=settings.compute_threads,
        batch_size=settings.batch_size,
    )
    return WhisperTranscriber(
        find_weights(settings.model_size, settings.models_folder),
        placement,
        decoder,
        observer=metrics,
        tracer=tracer,
    )


def build_diarizer(settings: WorkerSettings) -> Diarizer | None:
    """Return what tells voices apart; None if there is nothing to do it with.

    Raises:
        ConfigurationError: the model that is set, or the package that carries one, can't be used.
    """
    if settings.transcriber == "scripted":
        return None
    path = find_voice_model(settings.diarization_model, settings.models_folder)
    if path is None:
        return None
    # What hears speech, and runs the model, is slow to import.
    from worker.diarization.diarizer import VoiceDiarizer
    from worker.diarization.voice_model import OnnxVoiceModel

    model = OnnxVoiceModel(path)
    if settings.diarization_model:
        model.check()  # what the package has is known to work; this is seen now or by a job
    return VoiceDiarizer(model)


def _malware_scan(settings: WorkerSettings, metrics: WorkerMetrics) -> MalwareScan:
    if not settings.clamd_address:
        return NoMalwareScan()
    return ClamdScan(
        ClamdAddress.parse(settings.clamd_address),
        seconds=settings.clamd_timeout_seconds,
        observe=lambda outcome: metrics.malware_scans.labels(outcome).inc(),
    )


def limit_arenas() -> None:
    """Have glibc's allocator keep two arenas for all threads, not eight a core.

    Every arena keeps what inference once took from it; eight jobs at once peaked at 1038 MiB with glibc's default and
    at 776 MiB with two arenas, at the same speed (docs/decisions/0007). Other C libraries have neither.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


class WorkerProcess:
    """One worker: a transcriber, the jobs it runs, and the loops that keep them."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._metrics = WorkerMetrics()
        self._metrics.slots.set(settings.worker_concurrency)
        self._name = f"{socket.gethostname()}-{os.getpid()}"
        self._lane = lane_of(settings.model_size)
        self._started_at_ms = round(time.time() * 1000)
        self._consuming = threading.Event()
        self._stopping = threading.Event()
        self._metrics_port = self._metrics.serve(settings.metrics_host, settings.metrics_port, is_ready=self._is_ready)
        self._tracer = build_tracer(settings, "worker")
        # First, because a setting that can't be used is seen in no time, and a model takes seconds.
        self._pii_finder = PiiFinder(
            name_model=settings.redact_name_model, phone_regions=settings.redacted_phone_regions
        )
        decoder = build_decoder(settings, self._metrics)
        self._transcriber = self._load(decoder)
        self._diarizer = build_diarizer(settings)
        self._running = RunningJobs()
        # Attempts sit an outage out. The loops have connections of their own and give up soon: they run again anyway.
        patience = Patience(settings.outage_seconds, self._stopping)
        attempts_store = self._job_store(connect(settings.redis), patience, tracer=self._tracer)
        self._store = self._job_store(connect(settings.redis, retries=1, answer_seconds=_LOOP_ANSWER_SECONDS))
        self._stop_tokens: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._celery = create_celery(settings.broker, queue=turn_queue(self._lane))
        self._turn_queue = TurnQueue(self._celery)
        sensitivity = Sensitivity.of(settings)
        media = MediaStores.of_settings(
            settings,
            sensitivity,
            scratch=lambda: Scratch(
                settings.data_dir.resolve() / "scratch", min_free_bytes=settings.min_free_disk_bytes
            ),
        )
        self._handover = Handover(store=self._store, turns=self._turn_queue, lane=self._lane)
        runner = JobRunner(
            store=attempts_store,
            media=media,
            fetcher=self._fetcher(),
            malware_scan=_malware_scan(settings, self._metrics),
            transcriber=RedactingTranscriber(
                DiarizingTranscriber(self._transcriber, decoder, self._diarizer), self._pii_finder
            ),
            running=self._running,
            metrics=self._metrics,
            max_attempts=settings.max_attempts,
            sensitivity=sensitivity,
            # Not for longer than the job is wanted, which ends with the hand-back: that the worker stops is no error.
            media_patience=Patience(settings.outage_seconds, threading.Event()),
            tracer=self._tracer,
        )
        turns = Turns(store=attempts_store, runner=runner, stopping=self._stopping)
        register_turn(self._celery, turns.take)
        self._loops = [
            Background(
                "heartbeat",
                Heartbeat(
                    store=self._store,
                    running=self._running,
                    entry=self._entry,
                    ttl_seconds=_ENTRY_TTL_BEATS * settings.heartbeat_seconds,
                ).beat,
                every_seconds=settings.heartbeat_seconds,
                metrics=self._metrics,
            ),
            Background(
                "reaper",
                Reaper(
                    store=self._store,
                    turns=self._turn_queue,
                    metrics=self._metrics,
                    lane=self._lane,
                    max_crashes=settings.max_crashes,
                    lease_seconds=settings.lease_seconds,
                    idle_slots=lambda: settings.worker_concurrency - len(self._running),
                ).run,
                every_seconds=settings.reap_seconds,
                metrics=self._metrics,
            ),
            Background(
                "watchdog",
                Watchdog(
                    running=self._running,
                    runner=runner,
                    handover=self._handover,
                    limit_seconds=settings.watchdog_seconds,
                    stopping=self._stopping,
                ).look,
                every_seconds=min(_WATCHDOG_LOOK_SECONDS, settings.watchdog_seconds / 4),
                metrics=self._metrics,
            ),
        ]

    def run(self) -> int:
        """Consume turns until told to stop; hand back what runs then. Return the exit status."""
        # Weak references are Celery's default; these handlers must live as long as the worker.
        worker_ready.connect(self._on_ready, weak=False)
        worker_shutting_down.connect(self._on_shutting_down, weak=False)
        threading.Thread(target=self._hand_back_when_told, name="hand-back", daemon=True).start()
        worker = self._celery.Worker(
            hostname=f"worker@{self._name}",
            pool="threads",
            # A turn is only ever taken by a thread that is free to do it: a full worker leaves turns to others.
            concurrency=self._settings.worker_concurrency,
            queues=[turn_queue(self._lane)],
            without_gossip=True,
            without_mingle=True,
            task_events=True,
            quiet=True,
            loglevel=self._settings.log_level,
        )
        worker.start()
        for loop in self._loops:
            loop.stop()
        try:
            self._store.withdraw(self._name)
        except RedisError as error:
            logger.warning("entry_not_withdrawn", error=type(error).__name__)
        self._tracer.close()
        logger.info("worker_stopped")
        return int(worker.exitcode or 0)

    def _job_store(self, client: Redis, patience: Patience = NO_PATIENCE, *, tracer: Tracer = NO_TRACES) -> JobStore:
        return JobStore(
            client,
            worker=self._name,
            lease_ms=self._settings.lease_ms,
            result_ttl_ms=self._settings.result_ttl_ms,
            record_ttl_ms=self._settings.record_ttl_ms,
            patience=patience,
            tracer=tracer,
        )

    def _fetcher(self) -> AudioFetcher:
        settings = self._settings
        return AudioFetcher(
            Outbound(UrlPolicy.parse(settings.outbound_allowed_networks)),
            FetchLimits(
                max_file_bytes=settings.max_file_bytes,
                min_free_disk_bytes=settings.min_free_disk_bytes,
                min_bytes_per_second=settings.min_fetch_bytes_per_second,
                grace_seconds=settings.fetch_grace_seconds,
                timeout_seconds=settings.fetch_timeout_seconds,
            ),
            self._metrics,
        )

    def _is_ready(self) -> bool:
        return self._consuming.is_set() and not self._stopping.is_set()

    def _load(self, decoder: Decoder) -> Transcriber:
        started = time.monotonic()
        limit_arenas()
        transcriber = build_transcriber(self._settings, decoder, self._metrics, self._tracer)
        seconds = time.monotonic() - started
        self._metrics.model_load_seconds.set(seconds)
        logger.info(
            "model_loaded",
            model=self._lane,
            device=transcriber.device,
            compute_type=transcriber.compute_type,
            seconds=round(seconds, 2),
        )
        return transcriber

    def _entry(self) -> WorkerEntry:
        return WorkerEntry(
            name=self._name,
            lane=self._lane,
            model=self._settings.model_size,
            device=self._transcriber.device,
            compute_type=self._transcriber.compute_type,
            concurrency=self._settings.worker_concurrency,
            running=len(self._running),
            state=WorkerState.STOPPING if self._stopping.is_set() else WorkerState.READY,
            started_at_ms=self._started_at_ms,
            metrics_port=self._metrics_port,
            version=VERSION,
            redacts=self._pii_finder.kinds,
            diarizes=self._diarizer is not None,
        )

    def _on_ready(self, sender: Any, **_: object) -> None:  # noqa: ANN401 - the consumer's types lack its hub
        sender.hub.call_repeatedly(_HUB_SECONDS, lambda: None)
        for loop in self._loops:
            loop.start()
        self._consuming.set()
        logger.info("worker_ready", lane=self._lane, worker=self._name, metrics_port=self._metrics_port)

    def _on_shutting_down(self, **_: object) -> None:
        # Runs inside a signal handler: no locks, no Redis, no logging here.
        self._stopping.set()
        self._stop_tokens.put(None)

    def _hand_back_when_told(self) -> None:
        self._stop_tokens.get()
        logger.info("worker_stopping", works=len(self._running))
        try:
            self._handover.hand_back(self._running.snapshot())
        except Exception as error:  # noqa: BLE001 - the leases lapse and the reapers take over
            logger.warning("handback_failed", error=repr(error))
