"""`scriptorium size`: how many workers and gateways, how much memory and disk so many users need, with the formulas."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.capacity import (
    FEWEST_GATEWAYS,
    JOB_BYTES,
    PLANNED_LOAD,
    REDIS_FILES,
    REDIS_REWRITE,
    REDIS_SPARE,
    REQUESTS_PER_GATEWAY_SECOND,
    UPLOAD_BYTES_PER_GATEWAY_SECOND,
    Demand,
    Habits,
    Plan,
    planned,
)
from cli.terminal import print_error, print_json, print_note, print_table
from core.errors import ConfigurationError
from core.settings import MediaSettings

_GIB = 1024**3


def size(
    *,
    users: Annotated[int, typer.Option(min=1, help="Users to plan for.")] = 100,
    audio_minutes_per_user_hour: Annotated[
        float, typer.Option(min=0.0, metavar="MINUTES", help="Speech that each of them sends in the busiest hour.")
    ] = 6.0,
    speed: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Audio hours that one worker clears an hour: bench's h/h.")
    ] = None,
    rtf: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="The same as processing seconds per audio second: 1 / speed.")
    ] = None,
    minutes_per_file: Annotated[
        float, typer.Option(min=0.01, metavar="MINUTES", help="Length of a file, on average.")
    ] = 5.0,
    kilobits_per_second: Annotated[
        float, typer.Option(min=1, metavar="NUMBER", help="Of the audio as it is uploaded: 256 is 16 kHz WAV, 64 MP3.")
    ] = 128.0,
    asks_per_user_minute: Annotated[
        float, typer.Option(min=0.0, metavar="NUMBER", help="How often each user asks for a status.")
    ] = 12.0,
    busy_hours_per_day: Annotated[
        float, typer.Option(min=0.1, max=24, metavar="HOURS", help="A day's audio, in busiest hours.")
    ] = 8.0,
    backlog_hours: Annotated[
        float, typer.Option(min=0.0, metavar="HOURS", help="Busiest hours of audio that may wait if workers are away.")
    ] = 4.0,
    word_timestamps: Annotated[
        bool, typer.Option("--word-timestamps", help="Jobs ask for the times of words.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how many workers, gateways, and how much memory and disk so many users need, and by what formula.

    It measures nothing: `scriptorium bench` tells a worker's speed. RESULT_TTL_HOURS, RECORD_TTL_HOURS and
    MIN_FREE_DISK_MB are those of the settings.
    """
    try:
        settings = MediaSettings.read()
    except ConfigurationError as error:
        print_error(error.detail)
        raise typer.Exit(1) from None
    demand = Demand(users=users, audio_minutes_per_user_hour=audio_minutes_per_user_hour)
    habits = Habits(
        minutes_per_file=minutes_per_file,
        audio_kilobits_per_second=kilobits_per_second,
        asks_per_user_minute=asks_per_user_minute,
        busy_hours_per_day=busy_hours_per_day,
        backlog_hours=backlog_hours,
        word_timestamps=word_timestamps,
        result_ttl_hours=settings.result_ttl_hours,
        record_ttl_hours=settings.record_ttl_hours,
        min_free_disk_bytes=settings.min_free_disk_bytes,
    )
    plan = planned(demand, habits, _speed(speed, rtf))
    if as_json:
        print_json({"demand": asdict(demand), "habits": asdict(habits), "plan": asdict(plan)})
        return
    print_table(("What", "How much", "Because"), _rows(plan))
    print_note(f"Of {users} users who each send {audio_minutes_per_user_hour:g} minutes in the busiest hour.")
    print_note(
        f"In .env, for that backlog: MAX_QUEUE_AUDIO_SECONDS={plan.max_queue_audio_seconds}, "
        f"MAX_QUEUE_JOBS={plan.max_queue_jobs}"
    )


def _speed(speed: float | None, rtf: float | None) -> float:
    if (speed is None) == (rtf is None):
        raise typer.BadParameter("Give one of them: what `scriptorium bench` measured.", param_hint="--speed, --rtf")
    given = speed if speed is not None else rtf
    if given is None or given <= 0:
        raise typer.BadParameter("It is above 0.", param_hint="--speed, --rtf")
    return given if rtf is None else 1 / given


def _rows(plan: Plan) -> list[tuple[str, str, str]]:
    load = f"{PLANNED_LOAD:g}"
    gateways = (
        f"(requests/s / {REQUESTS_PER_GATEWAY_SECOND} + upload MB/s / {UPLOAD_BYTES_PER_GATEWAY_SECOND / 10**6:g}) "
        f"/ {load}, at least {FEWEST_GATEWAYS}"
    )
    redis = f"{REDIS_SPARE:g} x (64 MiB + jobs kept x {JOB_BYTES} bytes + transcripts kept)"
    return [
        ("audio", f"{plan.audio_hours_per_hour:.4g} h/h", "users x minutes / 60"),
        ("workers", str(plan.workers), f"audio / ({load} x speed)"),
        ("gateways", str(plan.gateways), gateways),
        ("Redis' maxmemory", _gib(plan.redis_maxmemory_bytes), redis),
        ("Redis' machine", _gib(plan.redis_memory_bytes), f"{REDIS_REWRITE} x maxmemory"),
        ("Redis' disk", _gib(plan.redis_disk_bytes), f"{REDIS_FILES} x maxmemory"),
        ("audio's disk", _gib(plan.media_disk_bytes), "audio that may wait x bytes of an hour + MIN_FREE_DISK_MB"),
    ]


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / _GIB:.1f} GiB"
