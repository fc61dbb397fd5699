"""What must hold of all jobs at any moment, whatever was called before: what is in Redis against the model of it."""

from collections import Counter

from core.work import JobStatus
from tests.chaos.job_model import LEGAL, JobModel
from tests.chaos.job_snapshot import JobSnapshot
from tests.harness.stores import HOUR_MS


def check_transitions(before: JobSnapshot, now: JobSnapshot) -> None:
    """Every job went from where it stood to where it may go, and no fence has gone back."""
    for name in {*before.names("job:"), *now.names("job:")}:
        was, now_is = _status(before, name), _status(now, name)
        assert was is now_is or now_is in LEGAL[was], (name, was, now_is)
    for name in before.names("work:"):
        if name.count(":") == 1 and name in now:
            was_fence, fence = (int(each.record(name).get("fence", 0)) for each in (before, now))
            claimed = before.record(name)["status"] == "queued" and now.record(name)["status"] == "processing"
            assert fence == was_fence + claimed, name


def check_everything(now: JobSnapshot, model: JobModel) -> None:
    """What is there is what the model says is there: no more, no less, nowhere else."""
    check_works(now, model)
    check_jobs(now, model)
    check_places(now, model)
    check_lanes(now, model)
    check_sharing(now, model)
    check_histories(now, model)
    check_webhooks(now, model)
    check_searchable(now, model)


def check_works(now: JobSnapshot, model: JobModel) -> None:
    """There are just the works that must be, each as it must be, and each expires when it must."""
    records = {name.removeprefix("work:"): now.record(name) for name in now.names("work:") if name.count(":") == 1}
    assert records.keys() == model.works.keys()
    parts = {name for name in now.names("work:") if name.count(":") > 1}
    assert {name.split(":")[1] for name in parts} <= records.keys()
    for work in model.works.values():
        record, name = records[work.work_id], f"work:{work.work_id}"
        numbers = {
            "fence": work.fence,
            "attempts": work.attempts,
            "errors": work.errors,
            "crashes": work.crashes,
            "progress_ms": work.progress_ms,
            "cancel_requested": int(work.cancel_requested),
        }
        assert {each: int(record.get(each, 0)) for each in numbers} == numbers
        assert (record["status"], record.get("worker")) == (work.status, work.worker)
        if work.status is not JobStatus.COMPLETED and work.status is not JobStatus.CANCELLED:
            assert int(record["waiting"]) == model.wanted_by(work)
        assert ("failure" in record) is (work.status is JobStatus.FAILED)
        assert now.entries(f"{name}:segments") == [
            each.model_dump(mode="json", exclude_none=True) for each in work.segments
        ]
        assert (f"{name}:result" in now) is (work.status is JobStatus.COMPLETED and work.has_results)
        results = int(record["expires_at_ms"]) if work.status.is_finished else -1
        records_at = results + HOUR_MS if work.status.is_finished else -1
        expiries = dict.fromkeys(("segments", "result", "events"), results)
        expiries |= dict.fromkeys(("jobs", "attempts"), records_at)
        for part, moment in expiries.items():
            assert now.expiries.get(f"{name}:{part}", moment) == moment
        assert now.expiries[name] == records_at
        for job in model.jobs_of(work):
            if work.status.is_finished:
                assert now.expiries[f"job:{job.new.job_id}"] == records_at
            else:
                assert (now.expiries[f"job:{job.new.job_id}"] > 0) is job.cancelled


def check_jobs(now: JobSnapshot, model: JobModel) -> None:
    """No job is lost, none is there that must not be, and each has its status."""
    assert {name.removeprefix("job:") for name in now.names("job:")} == model.jobs.keys()
    listed = {tuple(entry.split(":")) for entry in now.scores("jobs")}
    assert {job_id for job_id, _ in listed} == model.indexed
    assert listed == {(job_id, name.split(":")[1]) for name in now.names("tenant:") for job_id in now.scores(name)}
    for job_id, job in model.jobs.items():
        record = now.record(f"job:{job_id}")
        assert _status(now, f"job:{job_id}") is job.status
        assert (record["work_id"], record["tenant"]) == (job.work.work_id, job.new.tenant)
        assert (record.get("cached") == "1") is job.cached
        assert (record.get("cancel_requested") == "1") is job.cancel_requested
    for work in model.works.values():
        sharing = now.members(f"work:{work.work_id}:jobs")
        assert sharing - work.expired_jobs == {job.new.job_id for job in model.jobs_of(work)}


def check_places(now: JobSnapshot, model: JobModel) -> None:
    """A work is where its status says, and nowhere else."""
    for lane in ("base", "small"):
        waiting = {work.work_id for work in model.waiting(lane)}
        running = {work.work_id for work in model.in_status(JobStatus.PROCESSING) if work.lane == lane}
        assert now.scores(f"lane:{lane}:pending").keys() == waiting
        assert now.scores(f"lane:{lane}:queued").keys() == waiting
        assert now.members(f"lane:{lane}:running") == running
    processing = model.in_status(JobStatus.PROCESSING)
    assert now.scores("leases").keys() == {work.work_id for work in processing}
    assert now.scores("delayed").keys() == {work.work_id for work in model.works.values() if work.delayed}
    assert now.scores("dead").keys() == model.letters


def check_lanes(now: JobSnapshot, model: JobModel) -> None:
    """A lane knows what waits in it, who waits, and what has become of all that it was given."""
    for lane in ("base", "small"):
        waiting = model.waiting(lane)
        scores, state = now.scores(f"lane:{lane}:pending"), now.record(f"lane:{lane}:state")
        assert int(state.get("pending_ms", 0)) == sum(work.cost_ms for work in waiting)
        assert bool(state) is bool(waiting)
        heads = [scores[work.work_id] for work in waiting if work.at_head]
        others = [scores[work.work_id] for work in waiting if not work.at_head]
        virtual = float(state.get("virtual_ms", 0))
        assert max(heads, default=0) <= virtual <= min(others, default=virtual)
        lasts, weighed = (now.record(f"lane:{lane}:{part}") for part in ("tenants", "weights"))
        numbers = Counter(work.tenant for work in waiting)
        assert {tenant: int(number) for tenant, number in now.record(f"lane:{lane}:waiting").items()} == numbers
        assert lasts.keys() == weighed.keys() <= numbers.keys()
        for work in waiting:
            assert work.at_head or float(lasts[work.tenant]) >= scores[work.work_id]
        counters = {
            name: int(number)
            for name, number in now.record(f"lane:{lane}:counters").items()
            if int(number) and name not in {"transcribed_processing_ms", "transcribed_latency_ms"}
        }
        assert counters == {name: number for name, number in model.counters[lane].items() if number}
        in_flight = [job for job in model.jobs.values() if job.work.lane == lane and not job.status.is_finished]
        ended = sum(counters.get(name, 0) for name in ("completed", "failed", "cancelled"))
        assert counters.get("accepted", 0) == ended + len(in_flight)


def check_sharing(now: JobSnapshot, model: JobModel) -> None:
    """A digest leads only to a work that may be shared; a request is known by its key."""
    digests = {name.removeprefix("digest:"): now.string(name) for name in now.names("digest:")}
    assert digests == {digest: work.work_id for digest, work in model.shareable.items()}
    for work_id in digests.values():
        record = now.record(f"work:{work_id}")
        assert record["status"] in {"queued", "processing", "completed"}
        assert "cancel_requested" not in record
        assert record["status"] != "completed" or f"work:{work_id}:result" in now
    requests = [now.record(name) for name in now.names("idempotency:")]
    assert sorted((each["job_id"], each["body"]) for each in requests) == sorted(model.requests.values())


def check_histories(now: JobSnapshot, model: JobModel) -> None:
    """The events and attempts of a work tell what happened to it, each once, and every event was announced."""
    for work in model.works.values():
        told = [_told(fields) for _, fields in now.stream(f"work:{work.work_id}:events")]
        assert told == work.events
        outcomes = [attempt["outcome"] for attempt in now.entries(f"work:{work.work_id}:attempts")]
        assert outcomes == work.outcomes[-50:]
    # Of a work that was erased nothing is left there, unless its events had expired before.
    announced = [fields["work"] for _, fields in now.stream("activity")]
    assert [each for each in announced if each in model.works] == [
        each for each in model.activity if each in model.works
    ]
    assert not model.traceless & set(announced)


def check_webhooks(now: JobSnapshot, model: JobModel) -> None:
    """Of each end there is one event in the outbox for whoever is to be told, and none for anybody else."""
    listed = {name.removeprefix("webhooks:"): now.values[name] for name in now.names("webhooks:")}
    told = {
        job_id: [now.record(f"webhook:{webhook_id}")["type"] for webhook_id in webhook_ids]
        for job_id, webhook_ids in listed.items()
    }
    assert told == {
        job_id: [f"transcription.{status}" for status in job.told] for job_id, job in model.jobs.items() if job.told
    }
    webhook_ids = {webhook_id for of_job in listed.values() for webhook_id in of_job}
    assert {name.removeprefix("webhook:") for name in now.names("webhook:")} == webhook_ids
    assert now.scores("webhooks").keys() == webhook_ids


def _status(at: JobSnapshot, name: str) -> JobStatus | None:
    job = at.record(name)
    if not job:
        return None
    return JobStatus.CANCELLED if "cancelled_at_ms" in job else JobStatus(at.record(f"work:{job['work_id']}")["status"])


def _told(event: dict[str, str]) -> tuple[str, ...]:
    fields = {
        "status": ("event", "status", "attempt"),
        "progress": ("event", "progress_ms", "audio_ms", "first", "last"),
        "cancelled": ("event", "job"),
    }
    return tuple(event[name] for name in fields[event["event"]])


def check_searchable(now: JobSnapshot, model: JobModel) -> None:
    """Just the jobs with a transcript are there to be indexed, until they are forgotten; no number comes twice."""
    searchable = now.scores("searchable")
    completed = {name for name, job in model.jobs.items() if job.status is JobStatus.COMPLETED}
    assert completed <= searchable.keys() <= completed | (model.indexed - model.jobs.keys())
    assert len(set(searchable.values())) == len(searchable)
    assert max(searchable.values(), default=0) <= int(now.string("searchable-clock") or 0)
