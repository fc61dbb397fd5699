"""Playlists and references: whoever sends one gets nothing of anybody else's, and nobody is called."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle

import httpx
import pytest

from tests.abuse.canary import Canary
from tests.abuse.snares import FOLLOWED, NAMES, OWN_SECONDS, WITH_A_COMMENT, Snare, snares
from tests.chaos.client import Client
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.service import FINISHED

_SENDERS = 8
_PATIENCE_SECONDS = 120.0
_FORMATS = ("json", "verbose_json", "text", "srt", "vtt", "tsv")


def playlists(run: Run) -> Outcome:
    """Test 17: playlists and media with references, to files and to addresses, under many names and disguises."""
    with run.cluster(TRANSCRIBER="faster_whisper", WORKER_CONCURRENCY="4") as (cluster, client):
        cluster.start(workers=1, beat=True)
        (worker,) = cluster.workers
        cluster.media_folder.mkdir(exist_ok=True)
        with Canary(cluster.media_folder) as bait, ThreadPoolExecutor(_SENDERS) as senders:
            every = list(snares(bait))
            worst = [each for each in every if each.kind in FOLLOWED and each.disguise == WITH_A_COMMENT]
            sent = run.choose(full=every, quick=worst + every[::29])
            outcome = Outcome("17", f"{len(sent)} playlists and media files that refer to a canary or a listener")
            fates = list(senders.map(partial(_fate, run, client), sent, cycle(NAMES)))
            touched = bait.touched()
        wrong = [f"{snare}: {ending}" for snare, (ending, _) in zip(sent, fates, strict=True) if ending not in _RIGHT]
        outcome.check(
            "each was refused with a 4xx, failed with a reason, or gave its own audio only", not wrong, "\n".join(wrong)
        )
        outcome.check("no canary was opened, no connection made, no datagram sent", not touched, touched)
        told = [
            f"{snare}: {secret}" for snare, (_, said) in zip(sent, fates, strict=True) for secret in bait.told_by(said)
        ]
        outcome.check("no canary byte in any answer, status, result or event", not told, "\n".join(told))
        logged = [
            f"{path.name}: {secret}"
            for path in cluster.logs.iterdir()
            for secret in bait.told_by(path.read_text(encoding="utf-8", errors="replace"))
        ]
        outcome.check("nor in a log", not logged, "\n".join(logged))
        outcome.check("the worker lives", cluster.ready_workers() == [worker], worker.log_tail())
    endings = Counter(ending for ending, _ in fates)
    outcome.seen = (
        f"{endings['refused']} refused, {endings['failed']} failed with a reason, {endings['its own audio']} gave "
        f"their own audio; {len(touched)} canaries touched, {len(told)} told"
    )
    return outcome


_RIGHT = {"refused", "failed", "its own audio"}


def _fate(run: Run, client: Client, snare: Snare, name: str) -> tuple[str, str]:
    """Send a snare, and return how it ended with everything that the service said of it."""
    answer = client.request(
        "POST",
        "/transcribe",
        files={"file": (name, snare.media)},
        data={"language": "en", "quality": "fast"},
        headers={"Cache-Control": "no-cache"},
    )
    if answer is None:
        return "no answer", ""
    if answer.status_code != httpx.codes.ACCEPTED:
        return "refused" if answer.is_client_error else f"answered {answer.status_code}", answer.text
    job_id = answer.json()["job_id"]
    document = client.await_status(job_id, FINISHED, _PATIENCE_SECONDS)
    paths = [f"/status/{job_id}", f"/events/{job_id}", f"/dead-letters/{job_id}"]
    paths += [f"/result/{job_id}?format={each}" for each in _FORMATS]
    said = "\n".join(got.text for path in paths if (got := client.request("GET", path)) is not None)
    ending = _ending(document)
    run.injected("snare sent", snare=str(snare), name=name, ending=ending)
    return ending, said


def _ending(document: dict[str, object] | None) -> str:
    match document:
        case {"status": "failed", "failure": {"code": "audio_undecodable" | "no_audio_stream" | "audio_empty"}}:
            return "failed"
        case {"status": "completed", "progress": {"audio_seconds_total": float(seconds)}}:
            is_own = seconds == pytest.approx(OWN_SECONDS, abs=0.3)
            return "its own audio" if is_own else f"completed with {seconds} s"
        case _:
            return str(document)
