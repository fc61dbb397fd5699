"""Jobs that their owner doesn't want any more."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.chaos.attempts import attempts
from tests.chaos.client import Client, Submission
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run

_QUEUED_LIMIT_SECONDS = 1.0
_RUNNING_LIMIT_SECONDS = 10.0
_SLOTS = 4
_LONG_SECONDS = 600.0


def cancel(run: Run) -> Outcome:
    """Test 10: waiting jobs are cancelled at once, running ones within a batch of segments; slots are free again."""
    jobs = run.choose(full=100, quick=8)
    outcome = Outcome("10", f"{jobs} waiting and {jobs} running jobs cancelled")
    # A segment takes 0.5 s, a job a minute.
    with run.cluster(SCRIPTED_RTF="0.1", WORKER_CONCURRENCY=str(_SLOTS)) as (cluster, client):
        cluster.start(workers=1, beat=True)
        running: list[float] = []
        blockers = _running(client)
        waiting = client.submit_all([_LONG_SECONDS] * jobs)
        queued = [_cancel(client, job) for job in waiting]
        while True:
            time.sleep(run.random.uniform(0.2, 1.5))
            with ThreadPoolExecutor(_SLOTS) as pool:
                running += pool.map(lambda job: _cancel(client, job), blockers)
            if len(running) >= jobs:
                break
            blockers = _running(client)
        last = client.submit(1)
        done = client.await_status(last.job_id, {"completed"}, 20)
        outcome.check("a job after them finds a free slot and is done", done is not None, cluster.log_tails())
        stats = cluster.stats()
        counts = {name: stats[name] for name in ("accepted", "completed", "cancelled", "failed")}
        expected = {"accepted": 2 * jobs + 1, "completed": 1, "cancelled": 2 * jobs, "failed": 0}
        outcome.check(f"the service has counted the same: {counts}", counts == expected, f"expected {expected}")
        begun = {attempt.job_id for attempt in attempts(cluster.workers)}
        outcome.check("no job cancelled while it waited was begun", not begun & {job.job_id for job in waiting})
        late = [job.job_id for job in (*waiting, *blockers) if _status(client, job) != "cancelled"]
        outcome.check("cancelled jobs stay cancelled", not late, late)
    outcome.check(
        f"waiting: worst {max(queued):.3f} s of {len(queued)}, at most {_QUEUED_LIMIT_SECONDS:g} s",
        max(queued) <= _QUEUED_LIMIT_SECONDS,
    )
    outcome.seen = f"waiting: worst {max(queued):.3f} s of {len(queued)} (limit 1); running: {len(running)}"
    outcome.time("running", running, limit=_RUNNING_LIMIT_SECONDS)
    return outcome


def _running(client: Client) -> list[Submission]:
    """Fill every slot with a long job."""
    jobs = client.submit_all([_LONG_SECONDS] * _SLOTS)
    for job in jobs:
        assert client.await_status(job.job_id, {"processing"}, 20) is not None
    return jobs


def _cancel(client: Client, job: Submission) -> float:
    """Cancel a job; return the seconds until its status says so."""
    began = time.monotonic()
    answer = client.request("DELETE", f"/job/{job.job_id}")
    assert answer is not None
    assert answer.is_success, answer.text
    document = client.await_status(job.job_id, {"cancelled", "completed", "failed"}, 60)
    assert document is not None, f"{job.job_id} is not cancelled after 60 s: {client.status(job.job_id)}"
    assert document["status"] == "cancelled", document
    return time.monotonic() - began


def _status(client: Client, job: Submission) -> str:
    document = client.status(job.job_id)
    return document["status"] if document else ""
