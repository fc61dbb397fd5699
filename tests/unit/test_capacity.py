"""`scriptorium size`: what so many users need, by formulas that can be done by hand, and as the command prints it."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.capacity import Demand, Habits, Plan, planned
from tests.harness.service import REPOSITORY, environment

MIB, GIB = 1024**2, 1024**3
DEMAND = Demand(users=5000, audio_minutes_per_user_hour=6)  # 500 hours an hour
HABITS = Habits(
    minutes_per_file=5,
    audio_kilobits_per_second=128,
    asks_per_user_minute=12,
    busy_hours_per_day=8,
    backlog_hours=4,
    word_timestamps=False,
    result_ttl_hours=24,
    record_ttl_hours=168,
    min_free_disk_bytes=GIB,
)
PAGE = (REPOSITORY / "docs" / "operations" / "sizing.md").read_text(encoding="utf-8")


def test_workers_clear_the_busiest_hour_at_seventy_percent() -> None:
    assert planned(DEMAND, HABITS, 23.8).workers == 31  # 500 / (0.7 x 23.8) = 30.01
    assert planned(DEMAND, HABITS, 500 / 0.7).workers == 1


def test_gateways_answer_requests_and_take_uploads() -> None:
    # 1,000 requests a second and 8 MB a second: 0.55 gateways, but one must be replaceable.
    assert planned(DEMAND, HABITS, 20).gateways == 2
    # 5,000 a second and 8 MB a second: 2.5 + 0.053 = 2.55 gateways, at 70 %.
    assert planned(DEMAND, replace(HABITS, asks_per_user_minute=60), 20).gateways == 4
    # 1,000 a second and 450 MB a second: 0.5 + 3.
    assert planned(DEMAND, replace(HABITS, audio_kilobits_per_second=7200), 20).gateways == 5


def test_redis_holds_what_waits_the_transcripts_and_the_records() -> None:
    # 6,000 files an hour: 4 h that wait, 8 h a day for 1 day of results and 7 of records more, 4,000 bytes each;
    # 500 hours of audio an hour, 8 of them kept, 210,000 bytes each; half as much again.
    jobs = 6000 * (4 + 8 + 7 * 8) * 4000
    transcripts = 500 * 8 * 210_000
    assert planned(DEMAND, HABITS, 20).redis_maxmemory_bytes == 1.5 * (64 * MIB + jobs + transcripts)
    words = planned(DEMAND, replace(HABITS, word_timestamps=True), 20)
    assert words.redis_maxmemory_bytes == 1.5 * (64 * MIB + jobs + 500 * 8 * 1_000_000)
    assert (words.redis_memory_bytes, words.redis_disk_bytes) == (
        2 * words.redis_maxmemory_bytes,
        3 * words.redis_maxmemory_bytes,
    )


def test_the_disk_holds_the_audio_that_may_wait() -> None:
    plan = planned(DEMAND, HABITS, 20)
    assert plan.media_disk_bytes == GIB + 500 * 4 * 57_600_000
    assert (plan.max_queue_audio_seconds, plan.max_queue_jobs) == (500 * 4 * 3600, 6000 * 4)


def test_nobody_who_sends_nothing_still_finds_a_service() -> None:
    plan = planned(Demand(users=1, audio_minutes_per_user_hour=0), replace(HABITS, asks_per_user_minute=0), 20)
    assert (plan.workers, plan.gateways, plan.redis_maxmemory_bytes) == (1, 2, 96 * MIB)


@given(users=st.integers(1, 10**6), minutes=st.floats(0, 60), speed=st.floats(0.01, 10_000), more=st.integers(1, 1000))
def test_more_users_never_need_less(users: int, minutes: float, speed: float, more: int) -> None:
    def figures(plan: Plan) -> list[float]:
        return [getattr(plan, name) for name in Plan.__slots__]

    fewer = planned(Demand(users=users, audio_minutes_per_user_hour=minutes), HABITS, speed)
    many = planned(Demand(users=users + more, audio_minutes_per_user_hour=minutes), HABITS, speed)
    assert all(few <= much for few, much in zip(figures(fewer), figures(many), strict=True))


def size(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "size", *arguments],
        cwd=cwd,
        env=environment(PYTHONPATH=str(REPOSITORY), COLUMNS="200", **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    (shown,) = re.findall(r"\$ scriptorium size (.*)\n((?:.+\n|\n)+?)```", PAGE)
    ended = size(*shown[0].split(), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    rows = [line.split("\t") for line in ended.stdout.splitlines()]
    assert len(rows) == 7
    for row in rows:
        assert re.search(r"^ *" + r" {2,}".join(map(re.escape, row)) + "$", shown[1], re.MULTILINE), row
    for note in ended.stderr.splitlines():
        assert note in shown[1]


def test_rtf_is_the_inverse_of_speed_and_settings_count(tmp_path: Path) -> None:
    plans = [
        json.loads(size(*options, "--json", "--users", "1000", cwd=tmp_path, **settings).stdout)["plan"]
        for options, settings in (
            (("--speed", "20"), {}),
            (("--rtf", "0.05"), {}),
            (("--speed", "20"), {"RESULT_TTL_HOURS": "48", "MIN_FREE_DISK_MB": "2048"}),
        )
    ]
    assert plans[0] == plans[1]
    assert plans[2]["redis_maxmemory_bytes"] > plans[0]["redis_maxmemory_bytes"]
    assert plans[2]["media_disk_bytes"] - plans[0]["media_disk_bytes"] == GIB


@pytest.mark.parametrize("options", [(), ("--speed", "20", "--rtf", "0.05"), ("--speed", "0"), ("--rtf", "-1")])
def test_one_speed_above_nothing_is_wanted(tmp_path: Path, options: tuple[str, ...]) -> None:
    ended = size(*options, cwd=tmp_path)
    assert ended.returncode == 2
    assert "--speed, --rtf" in ended.stderr


def test_a_setting_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    ended = size("--speed", "20", cwd=tmp_path, RESULT_TTL_HOURS="never")
    assert ended.returncode == 1
    assert "RESULT_TTL_HOURS" in ended.stderr
