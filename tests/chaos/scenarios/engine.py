"""Inference that hangs, decoders that crash or hang, and the real model under fire."""

import io
import os
import signal
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler

from tests.chaos.attempts import attempts
from tests.chaos.client import Client
from tests.chaos.outcome import Outcome
from tests.chaos.run import Repeat, Run
from tests.harness.cluster import Cluster, eventually
from tests.harness.decoders import decoders_of
from tests.media import references, word_error_rate

_MAX_ATTEMPTS = 3
_RATE = 16_000
_GAP_SECONDS = 1.0
_TOLERATED_POINTS = 1.0
"""By how much the word error rate may grow where an attempt went on in the middle: another window, another context."""


def hung_inference(run: Run) -> Outcome:
    """Test 9: inference hangs in the middle of a job that has neighbours; and one job hangs at every attempt."""
    watchdog, rounds = run.choose(full=(30.0, 4), quick=(3.0, 1))
    outcome = Outcome(
        "9", f"inference hangs {rounds} times in one of 4 jobs, and once at every attempt; watchdog {watchdog:g} s"
    )
    hangs_at, pace = 10.0, 0.2
    with run.cluster(SCRIPTED_RTF=str(pace), WATCHDOG_SECONDS=str(watchdog)) as (cluster, client):
        cluster.start(workers=1, beat=True)
        noticed: list[float] = []
        charged: list[str] = []
        with Repeat(lambda: _replace_dead(cluster, 1), every_seconds=0.2):
            for number in range(rounds):
                # Neighbours that run on past the watchdog.
                others = client.submit_all([round((watchdog + 5) / pace + number, 1)] * 3)
                hanging = client.submit(round(40.1 + number, 1), initial_prompt=f"scripted:hang@{hangs_at:g}")
                client.await_status(hanging.job_id, {"processing"}, 20)
                hung_at = time.monotonic() + hangs_at * pace
                requeued = eventually(partial(_has_moved_on, client, hanging.job_id), watchdog + 60)
                noticed += [time.monotonic() - hung_at] if requeued else []
                done = client.tally([hanging, *others], 4 * watchdog + 60)
                outcome.check(f"round {number + 1}: all four are done and right", done.all_right, done.evidence())
                documents = [client.status(job.job_id) for job in others]
                charged += [str(each["job_id"]) for each in documents if each is not None and each["attempt"] != 1]
            always = client.submit(30, may_fail=True, initial_prompt="scripted:hang")
            document = client.await_status(always.job_id, {"failed"}, 4 * watchdog + 60)
        outcome.check(
            f"what hangs every time is a dead letter after at most {_MAX_ATTEMPTS} attempts",
            document is not None and document["attempt"] <= _MAX_ATTEMPTS,
            document or client.status(always.job_id),
        )
        outcome.check("no neighbour was charged an attempt", not charged, charged)
        cluster.await_ready()
        tally = run.check_effect(outcome, cluster, client, seconds=30, failed=1)
    outcome.seen = f"{tally.right} of {tally.accepted} right, {len(noticed)} of {rounds} hangs noticed and requeued"
    outcome.time("noticed and requeued", noticed, limit=watchdog + 10)
    return outcome


def decoder(run: Run) -> Outcome:
    """Test 8: the decoder of one file crashes at every attempt, that of another hangs, beside short clips."""
    times, decode_timeout = run.choose(full=(3, 10.0), quick=(1, 2.0))
    outcome = Outcome("8", f"decoder SIGSEGVed, and SIGSTOPped, at every attempt of a file, {times} time(s) each")
    with run.cluster(
        TRANSCRIBER="faster_whisper", WORKER_CONCURRENCY="4", DECODE_TIMEOUT_SECONDS=str(decode_timeout)
    ) as (cluster, client):
        cluster.start(workers=1, beat=True)
        worker = cluster.workers[0]
        clips = [reference.path for reference in references()[:4]]
        undisturbed = [client.transcript(path.read_bytes()) for path in clips]
        seconds: list[float] = []
        for _ in range(times):
            for name, number, code in (
                ("crash", signal.SIGSEGV, "audio_undecodable"),
                ("hang", signal.SIGSTOP, "attempts_exhausted"),
            ):
                began = time.monotonic()
                bad = client.submit(0, may_fail=True, media=_long_mp3())
                with Repeat(partial(_strike, run, worker.pid, bad.job_id, number)):
                    disturbed = [client.transcript(path.read_bytes()) for path in clips]
                    document = client.await_status(bad.job_id, {"failed", "completed"}, 120)
                seconds.append(time.monotonic() - began)
                failure = (document or {}).get("failure") or {}
                outcome.check(
                    f"{name}: {(document or {}).get('status')}, {failure.get('code')}, "
                    f"attempt {(document or {}).get('attempt')}",
                    document is not None
                    and document["status"] == "failed"
                    and failure.get("code") == code
                    and document["attempt"] <= _MAX_ATTEMPTS,
                    document or cluster.log_tails(),
                )
                letter = client.request("GET", f"/dead-letters/{bad.job_id}")
                outcome.check(
                    f"{name}: it is a dead letter with its history",
                    letter is not None and letter.is_success and len(letter.json()["attempts"]) <= _MAX_ATTEMPTS,
                    letter.text if letter is not None else "",
                )
                outcome.check(f"{name}: its neighbours' transcripts are unharmed", disturbed == undisturbed, disturbed)
        outcome.check("the worker lives", worker.is_running, worker.log_tail())
        outcome.check("no decoder is left behind", eventually(lambda: not decoders_of(worker.pid), 20))
        expiries = cluster.stats()["lease_expiries"]
        outcome.check(f"{expiries} leases lapsed", expiries == 0)
    outcome.seen = f"{2 * times} dead letters, {2 * times * len(clips)} neighbours unharmed, worker alive"
    outcome.time("given up", seconds, limit=120)
    return outcome


def real_model(run: Run) -> Outcome:
    """Tests 1 and 2 in small, with the real model: workers are killed while they transcribe recordings with words."""
    recordings, rounds, kills = run.choose(full=(6, 10, 8), quick=(1, 5, 1))
    spoken = [_recording([run.random.sample(range(6), 6) for _ in range(rounds)]) for _ in range(recordings)]
    minutes = spoken[0].seconds / 60
    outcome = Outcome(
        "1-real", f"{recordings} recordings of {minutes:.0f} min, real model, {kills} SIGKILLs of busy workers"
    )
    with run.cluster(TRANSCRIBER="faster_whisper", MAX_CRASHES="100", WORKER_CONCURRENCY="2") as (cluster, client):
        cluster.start(workers=2, beat=True)
        undisturbed = [client.transcript(each.media) for each in spoken]
        jobs = [client.submit(0, media=each.media, may_fail=True, language="en") for each in spoken]
        killed = 0
        deadline = time.monotonic() + run.choose(full=600, quick=120)
        while killed < kills and time.monotonic() < deadline:
            # Somewhere within an attempt.
            time.sleep(run.random.uniform(0.5, 2.5))
            busy = [each for each in cluster.ready_workers() if any(a.ended_at is None for a in attempts([each]))]
            if all(client.await_status(job.job_id, {"completed", "failed"}, 0) for job in jobs):
                break
            if not busy:
                continue
            victim = run.random.choice(busy)
            victim.kill()
            run.injected("worker killed", pid=victim.pid)
            killed += 1
            cluster.start_worker()
        disturbed = []
        for job in jobs:
            document = client.await_status(job.job_id, {"completed", "failed"}, 300)
            outcome.check(
                f"{job.job_id} is completed, attempt {(document or {}).get('attempt')}",
                document is not None and document["status"] == "completed",
                document or cluster.log_tails(),
            )
            disturbed.append(client.text(job.job_id))
        outcome.check(f"{killed} workers were killed while they transcribed", killed == kills)
        stats = cluster.stats()
        counts = {name: stats[name] for name in ("accepted", "completed", "failed")}
        expected = {"accepted": 2 * recordings, "completed": 2 * recordings, "failed": 0}
        outcome.check(f"the service has counted the same: {counts}", counts == expected, f"expected {expected}")
    before, after = (
        word_error_rate([(each.text, heard) for each, heard in zip(spoken, texts, strict=True)])
        for texts in (undisturbed, disturbed)
    )
    same = sum(one == other for one, other in zip(undisturbed, disturbed, strict=True))
    outcome.check(
        f"WER (Whisper's English normaliser) {after:.2f} % under fire, {before:.2f} % undisturbed",
        after <= before + _TOLERATED_POINTS,
        "\n".join(f"{one}\n{other}" for one, other in zip(undisturbed, disturbed, strict=True) if one != other),
    )
    outcome.seen = (
        f"{same} of {recordings} transcripts the same, WER {after:.2f} % ({before:.2f} % undisturbed), {killed} kills"
    )
    return outcome


@dataclass(frozen=True, slots=True)
class _Recording:
    media: bytes
    text: str
    seconds: float


def _recording(orders: Sequence[Sequence[int]]) -> _Recording:
    """Join the clips of tests/audio in some orders, one after the other, a second of silence behind each clip."""
    clips = [references()[index] for order in orders for index in order]
    samples = b"".join(_pcm(each.path) + bytes(2 * round(_GAP_SECONDS * _RATE)) for each in clips)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE)
        writer.writeframes(samples)
    return _Recording(file.getvalue(), " ".join(each.text for each in clips), len(samples) / 2 / _RATE)


@cache
def _pcm(path: Path) -> bytes:
    resampler = AudioResampler(format="s16", layout="mono", rate=_RATE)
    with av.open(str(path)) as container:
        frames = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
        frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in frames)


@cache
def _long_mp3() -> bytes:
    """Return an hour and a half of noise as MP3, which takes seconds to decode: a minute of frames, repeated."""
    noise = np.random.default_rng(8).normal(0, 3000, 60 * _RATE).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as sink:
        stream = sink.add_stream("libmp3lame", rate=_RATE, layout="mono")
        stream.bit_rate = 64_000
        for start in range(0, len(noise), 1152):
            frame = av.AudioFrame.from_ndarray(noise[None, start : start + 1152], format="s16", layout="mono")
            frame.rate, frame.pts = _RATE, start
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    return file.getvalue() * 90


def _has_moved_on(client: Client, job_id: str) -> bool:
    document = client.status(job_id)
    return document is not None and (document["status"] == "queued" or document["attempt"] > 1)


def _replace_dead(cluster: Cluster, count: int) -> None:
    """Do what a supervisor does: start a worker for each that has ended."""
    for _ in range(count - len(cluster.running_workers())):
        cluster.fork_worker()


def _strike(run: Run, worker_pid: int, job_id: str, number: signal.Signals) -> None:
    """Send a signal to the decoder that reads a job's file, if there is one just now."""
    for pid in decoders_of(worker_pid):
        if _reads(pid, job_id) and not _is_stopped(pid):
            os.kill(pid, number)
            run.injected(f"decoder {number.name}", pid=pid, job_id=job_id)
    time.sleep(0.01)


def _reads(pid: int, job_id: str) -> bool:
    try:
        return any(file.readlink().name == job_id for file in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"T", "Z"}
    except OSError:
        return True
