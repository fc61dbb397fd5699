"""Audio bombs and damaged media: each costs its own job at most."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import httpx

from core.errors import FailureCode
from tests.abuse.bombs import Bomb, bombs
from tests.abuse.mutations import mutants, whole_files
from tests.chaos.client import Client
from tests.chaos.outcome import Outcome
from tests.chaos.run import Repeat, Run
from tests.harness.memory import DecoderMemory, memory_of
from tests.harness.service import FINISHED
from tests.media import clip

_GIB, _MIB = 1 << 30, 1 << 20
_GATEWAY_BYTES = 64 * _MIB
"""What the gateway may grow by; the largest of the files would fill it, were it taken into memory."""
_SENDERS = 8
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a file."""

    name: str
    ending: str
    """`refused`, `failed` or `completed`; else what should not have been."""
    code: str
    """Of the answer, or of the failure."""
    seconds: float

    def __str__(self) -> str:
        return f"{self.name}: {self.ending}, {self.code} ({self.seconds:.1f} s)"


def audio_bombs(run: Run) -> Outcome:
    """Test 16: bombs and damaged media files, beside clips of speech whose transcripts must not change."""
    count, max_audio_seconds = run.choose(full=(1_000, 3_600), quick=(70, 60))
    run.folder.mkdir(parents=True)
    explosive = list(bombs(run.folder))
    damaged = [Bomb(each.name, each.media) for each in mutants(whole_files(run.folder), count, run.random)]
    outcome = Outcome("16", f"{len(explosive)} bombs and {count} damaged media files, 8 at a time, beside speech")
    with run.cluster(
        TRANSCRIBER="faster_whisper",
        WORKER_CONCURRENCY="4",
        MAX_AUDIO_SECONDS=str(max_audio_seconds),
        DECODE_TIMEOUT_SECONDS="20",
    ) as (cluster, client):
        cluster.start(workers=1, beat=True)
        (worker,), (gateway,) = cluster.workers, cluster.gateways
        speech = clip("garden").read_bytes()
        undisturbed = client.transcript(speech)
        gateway_before = memory_of(gateway.pid, "VmHWM")
        heard: list[str] = []
        with (
            DecoderMemory(worker.pid, limit_bytes=_GIB) as memory,
            Repeat(lambda: heard.append(client.transcript(speech, seconds=_PATIENCE_SECONDS)), every_seconds=2),
            ThreadPoolExecutor(_SENDERS) as senders,
        ):
            fates = list(senders.map(partial(_fate, run, client), [*explosive, *damaged]))
        gateway_grew = memory_of(gateway.pid, "VmHWM") - gateway_before
        endings = Counter(fate.ending for fate in fates)
        wrong = [str(fate) for fate in fates if fate.ending not in {"refused", "failed", "completed"}]
        outcome.check(
            f"each of {len(fates)} was refused with a 4xx, failed with a reason, or could be decoded",
            not wrong,
            "\n".join(wrong),
        )
        spared = [
            f"{fate}; must be {', '.join(bomb.must_end_in)}"
            for bomb, fate in zip(explosive, fates, strict=False)
            if bomb.must_end_in and fate.code not in bomb.must_end_in
        ]
        outcome.check("bombs end as the kind of bomb they are", not spared, "\n".join(spared))
        outcome.check(
            f"the most that one of {len(memory.children)} decoders had in memory: {memory.worst_bytes // _MIB} MiB",
            0 < memory.worst_bytes < _GIB,
        )
        outcome.check("the kernel holds each to 1 GiB", bool(memory.children) and not memory.unlimited)
        outcome.check(f"the gateway grew by {gateway_grew // _MIB} MiB", gateway_grew < _GATEWAY_BYTES)
        stats = cluster.stats()
        outcome.check(
            "no worker died and none was given up: the same one is ready",
            cluster.ready_workers() == [worker] and gateway.is_running and stats["lease_expiries"] == 0,
            f"{stats}\n{cluster.log_tails()}",
        )
        outcome.check(f"{stats['attempt_errors']} attempts ended in an error", stats["attempt_errors"] == 0)
        harmed = [text for text in heard if text != undisturbed]
        outcome.check(
            f"{len(heard)} neighbours' transcripts are what they were before", bool(heard) and not harmed, harmed
        )
    outcome.seen = (
        f"{endings['refused']} refused, {endings['failed']} failed with a reason, {endings['completed']} decodable; "
        f"decoder at most {memory.worst_bytes // _MIB} MiB, gateway +{gateway_grew // _MIB} MiB; "
        f"same worker, {len(heard)} neighbours unharmed"
    )
    outcome.time("answered and done with", [fate.seconds for fate in fates], limit=_PATIENCE_SECONDS)
    return outcome


def _fate(run: Run, client: Client, bomb: Bomb) -> Fate:
    began = time.monotonic()
    answer = client.post(bomb.media, bomb.name, language="en", quality="fast")
    ending, code = "no answer", ""
    if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
        ending, code = _end(client, answer.json()["job_id"])
    elif answer is not None:
        ending = "refused" if answer.is_client_error else f"answered {answer.status_code}"
        code = str(answer.json().get("code"))
    fate = Fate(bomb.name, ending, code, time.monotonic() - began)
    run.injected("file sent", name=fate.name, ending=fate.ending, code=fate.code, seconds=round(fate.seconds, 2))
    return fate


def _end(client: Client, job_id: str) -> tuple[str, str]:
    """Wait for a job and return how it ended, and why if it failed."""
    document = client.await_status(job_id, FINISHED, _PATIENCE_SECONDS)
    if document is None:
        return "not finished", str(client.status(job_id))
    if document["status"] != "failed":
        return document["status"], ""
    failure = document["failure"]
    is_media_fault = FailureCode(failure["code"]).is_media_fault and failure["detail"]
    return "failed" if is_media_fault else f"failed without blame: {failure['detail']}", failure["code"]
