"""How much of everything so many users need: workers, gateways, Redis' memory, disk.

Each figure is a formula over what users send and what was measured (docs/benchmarks.md); docs/operations/sizing.md has
them all in one place. What is always busy is overrun at every peak: planned is with 70 % of what it can do.
"""

import math
from dataclasses import dataclass

PLANNED_LOAD = 0.7
"""Part of a worker's or gateway's speed that is planned with; the rest is for peaks."""
REQUESTS_PER_GATEWAY_SECOND = 2000
"""Statuses that one gateway, and so one core, answers a second: half of what it does on a quiet machine."""
UPLOAD_BYTES_PER_GATEWAY_SECOND = 150_000_000
"""What one gateway takes in, hashed and synced: three quarters of what it does with files of a megabyte."""
FEWEST_GATEWAYS = 2
"""One may be replaced while the other answers."""
REDIS_BYTES = 64 * 1024**2
"""What Redis takes with hardly a job: scripts, buffers of clients, counters, the audit log."""
JOB_BYTES = 4000
"""A job's record, history and place in the indexes."""
TRANSCRIPT_BYTES_PER_HOUR = 210_000
"""Segments of an hour of speech."""
TRANSCRIPT_BYTES_PER_HOUR_WITH_WORDS = 1_000_000
"""The same with every word's times."""
REDIS_SPARE = 1.5
"""For fragmentation and peaks."""
REDIS_REWRITE = 2
"""While the append-only file is written anew, pages that change meanwhile exist twice."""
REDIS_FILES = 3
"""The append-only file grows to twice its size before it is written anew, beside the old one."""
_MINUTES_PER_HOUR = 60
_SECONDS_PER_HOUR = 3600
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class Demand:
    """What users send in their busiest hour."""

    users: int
    audio_minutes_per_user_hour: float

    @property
    def audio_hours_per_hour(self) -> float:
        """Audio of all users."""
        return self.users * self.audio_minutes_per_user_hour / _MINUTES_PER_HOUR


@dataclass(frozen=True, slots=True)
class Habits:
    """How users send it, and what is kept of it."""

    minutes_per_file: float
    audio_kilobits_per_second: float
    """Of the files as they are uploaded."""
    asks_per_user_minute: float
    """Requests for a status or a result."""
    busy_hours_per_day: float
    """A day's audio, in busiest hours."""
    backlog_hours: float
    """Busiest hours of audio that may wait when workers are away."""
    word_timestamps: bool
    result_ttl_hours: float
    record_ttl_hours: float
    min_free_disk_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes."""

    audio_hours_per_hour: float
    workers: int
    gateways: int
    redis_maxmemory_bytes: int
    """Redis' `maxmemory`."""
    redis_memory_bytes: int
    """Of Redis' machine or container."""
    redis_disk_bytes: int
    media_disk_bytes: int
    max_queue_audio_seconds: int
    """MAX_QUEUE_AUDIO_SECONDS for this backlog."""
    max_queue_jobs: int
    """MAX_QUEUE_JOBS for it."""


def workers_needed(demand: Demand, speed: float) -> int:
    """Return how many workers clear it at the planned load, at least one.

    Args:
        demand: What comes in.
        speed: Audio hours that one worker clears per hour, above 0.
    """
    return max(1, _rounded_up(demand.audio_hours_per_hour / (PLANNED_LOAD * speed)))


def planned(demand: Demand, habits: Habits, speed: float) -> Plan:
    """Return what so many users need, each worker clearing `speed` audio hours per hour."""
    hours = demand.audio_hours_per_hour
    files_per_hour = hours * _MINUTES_PER_HOUR / habits.minutes_per_file
    bytes_per_audio_hour = habits.audio_kilobits_per_second * 1000 / 8 * _SECONDS_PER_HOUR
    redis = _redis_bytes(hours, files_per_hour, habits)
    return Plan(
        audio_hours_per_hour=hours,
        workers=workers_needed(demand, speed),
        gateways=_gateways(
            requests_per_second=demand.users * habits.asks_per_user_minute / 60,
            upload_bytes_per_second=hours * bytes_per_audio_hour / _SECONDS_PER_HOUR,
        ),
        redis_maxmemory_bytes=redis,
        redis_memory_bytes=redis * REDIS_REWRITE,
        redis_disk_bytes=redis * REDIS_FILES,
        media_disk_bytes=habits.min_free_disk_bytes + _rounded_up(hours * habits.backlog_hours * bytes_per_audio_hour),
        max_queue_audio_seconds=_rounded_up(hours * habits.backlog_hours * _SECONDS_PER_HOUR),
        max_queue_jobs=_rounded_up(files_per_hour * habits.backlog_hours),
    )


def _gateways(*, requests_per_second: float, upload_bytes_per_second: float) -> int:
    busy = requests_per_second / REQUESTS_PER_GATEWAY_SECOND + upload_bytes_per_second / UPLOAD_BYTES_PER_GATEWAY_SECOND
    return max(FEWEST_GATEWAYS, _rounded_up(busy / PLANNED_LOAD))


def _redis_bytes(audio_hours_per_hour: float, files_per_hour: float, habits: Habits) -> int:
    """Return what Redis takes: what waits, the transcripts of RESULT_TTL_HOURS, the records of both TTLs."""
    per_hour = TRANSCRIPT_BYTES_PER_HOUR_WITH_WORDS if habits.word_timestamps else TRANSCRIPT_BYTES_PER_HOUR
    of_a_day = habits.busy_hours_per_day / _HOURS_PER_DAY
    results_hours = habits.result_ttl_hours * of_a_day
    records_hours = results_hours + habits.record_ttl_hours * of_a_day + habits.backlog_hours
    jobs = files_per_hour * records_hours * JOB_BYTES
    transcripts = audio_hours_per_hour * results_hours * per_hour
    return _rounded_up(REDIS_SPARE * (REDIS_BYTES + jobs + transcripts))


def _rounded_up(value: float) -> int:
    # Ten digits: 7 hours an hour are one worker of speed 10, whatever binary fractions make of 0.7.
    return math.ceil(round(value, 10))
