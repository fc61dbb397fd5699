"""The audit log on the real service: what leaves an entry, what an entry holds, and that it can't be forgotten."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.audit import ACTIONS
from core.keys import Keys
from tests.harness.service import Service, environment, until
from tests.media import garbage, silence_wav

ADMIN_KEY = "a-key-of-the-operator-that-nobody-else-has"
MARK = "zqcanary"
TINY = silence_wav(1, rate=8000)
HOUR = silence_wav(3600, rate=100)
NOT_AUDITED = {
    # What tells how things stand, and neither a transcript nor what is another's.
    ("GET", "/status/{job_id}"),
    ("GET", "/jobs"),
    ("GET", "/webhooks/{job_id}"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{model}"),
    ("GET", "/status"),
    ("GET", "/v2/transcript"),
    # Polled: what tells the transcript in the end is an entry, what doesn't yet is none.
    ("GET", "/transcribe/{job_id}"),
    ("GET", "/v2/transcript/{job_id}"),
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/stats"),
    ("GET", "/metrics"),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("audit"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        WORKER_CONCURRENCY="1",
        MAX_ATTEMPTS="1",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        LOG_FORMAT="json",
        CLEAN_UP_SECONDS="1",
    ) as running:
        running.client.headers["X-API-Key"] = ADMIN_KEY
        yield running


class Somebody:
    """Somebody with a key of his own, whose entries are told apart from all others'."""

    def __init__(self, service: Service, *scopes: str) -> None:
        self._service = service
        self.tenant = f"tenant-{secrets.token_hex(4)}"
        answer = service.client.post("/keys", json={"name": "x", "tenant": self.tenant, "scopes": scopes})
        self.key_id: str = answer.json()["key_id"]
        self.key: str = answer.json()["key"]

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        headers = {"X-API-Key": self.key} | request.pop("headers", {})
        return self._service.client.request(method, path, headers=headers, **request)

    def submit(self, media: bytes = TINY, **fields: str) -> str:
        answer = self.ask(
            "POST",
            "/transcribe",
            files={"file": (f"{MARK}.wav", media)},
            data={"initial_prompt": MARK} | fields,
            headers={"Cache-Control": "no-cache"},
        )
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def finished(self, job_id: str) -> str:
        """Return how a job of his ends."""

        def look() -> str | None:
            status: str = self.ask("GET", f"/status/{job_id}").json()["status"]
            return status if status in {"completed", "failed", "cancelled"} else None

        return until(look, 30)

    def entries(self, *, of: int = 0) -> list[dict[str, Any]]:
        """Return what the log has of him, oldest first; once it is as much as that."""

        def look() -> list[dict[str, Any]] | None:
            answer = self._service.client.get("/audit", params={"tenant": self.tenant, "limit": 1000})
            assert answer.status_code == 200, answer.text
            found: list[dict[str, Any]] = answer.json()["entries"][::-1]
            return found if len(found) >= of else None

        return until(look, 20)

    def deeds(self, *, of: int = 0) -> list[tuple[str, int | None, str | None]]:
        """Return action, status and object of each entry of his."""
        return [(entry["action"], entry["status"], entry["object_id"]) for entry in self.entries(of=of)]


def test_every_route_is_audited_or_known_to_need_none(service: Service) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert set(ACTIONS) | NOT_AUDITED == routes
    assert not set(ACTIONS) & NOT_AUDITED
    assert {method for method, _ in NOT_AUDITED} == {"GET"}  # whatever changes something is audited


@pytest.mark.parametrize("route", sorted(ACTIONS), ids=" ".join)
def test_a_route_that_is_audited_leaves_an_entry(service: Service, route: tuple[str, str]) -> None:
    method, path = route
    asker = Somebody(service, "submit", "read", "admin")
    answer = asker.ask(
        method, path.replace("{job_id}", "0" * 32).replace("{key_id}", "0" * 16).replace("{tenant}", "nobody")
    )
    entries = asker.entries(of=1)
    assert (entries[-1]["action"], entries[-1]["status"]) in {
        (ACTIONS[route], answer.status_code),
        ("audit.read", 200),  # asking for the entries is one as well
    }
    assert {ACTIONS[route]} <= {entry["action"] for entry in entries}
    assert answer.headers["x-request-id"] in {entry["request_id"] for entry in entries}


def test_a_job_from_its_post_to_its_erasure(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    job_id = owner.submit()
    assert owner.finished(job_id) == "completed"
    owner.ask("GET", f"/result/{job_id}?format=srt")
    owner.ask("GET", f"/events/{job_id}")
    owner.ask("GET", "/jobs")
    owner.ask("DELETE", f"/job/{job_id}")
    assert owner.deeds() == [
        ("job.submitted", 202, job_id),
        ("transcript.read", 200, job_id),
        ("transcript.followed", 200, job_id),
        ("job.erased", 200, job_id),
    ]
    assert {entry["who"] for entry in owner.entries()} == {f"key:{owner.key_id}"}
    assert {entry["address"] for entry in owner.entries()} == {"127.0.0.1"}


@pytest.mark.parametrize("path", ["/transcribe/{}", "/v2/transcript/{}"])
def test_polls_are_no_entries_until_one_tells_the_transcript(service: Service, path: str) -> None:
    owner = Somebody(service, "submit", "read")
    running = owner.submit(HOUR)
    assert owner.ask("GET", path.format(running)).status_code == 200
    owner.ask("DELETE", f"/job/{running}")
    job_id = owner.submit()
    assert owner.finished(job_id) == "completed"
    assert owner.ask("GET", path.format(job_id)).status_code == 200
    deeds = [deed for deed in owner.deeds() if deed[0] == "transcript.read"]
    assert deeds == [("transcript.read", 200, job_id)]


def test_an_upload_that_comes_before_its_job_is_an_entry(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    answer = owner.ask("POST", "/v2/upload", content=TINY)
    upload_url = answer.json()["upload_url"]
    assert owner.deeds() == [("audio.uploaded", 200, upload_url.rpartition("/")[2])]
    made = owner.ask("POST", "/v2/transcript", json={"audio_url": upload_url}).json()
    assert owner.deeds()[-1] == ("job.submitted", 202, made["id"])
    owner.ask("DELETE", f"/v2/transcript/{made['id']}")
    assert owner.deeds()[-1][0] in {"job.erased", "job.cancelled"}


def test_jobs_that_are_cancelled(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    job_id = owner.submit(HOUR)
    assert owner.ask("DELETE", f"/job/{job_id}").status_code in {200, 202}
    assert owner.deeds()[-1][0::2] == ("job.cancelled", job_id)


def test_a_submission_that_joins_or_was_accepted_before_is_an_entry_of_its_own(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    media = silence_wav(2, rate=8000)

    def post(key: str) -> str:
        answer = owner.ask("POST", "/transcribe", files={"file": ("a", media)}, headers={"Idempotency-Key": key})
        assert answer.status_code == 202
        return str(answer.json()["job_id"])

    first, replayed, joined = post("a"), post("a"), post("b")
    assert first == replayed != joined
    assert owner.deeds() == [("job.submitted", 202, job_id) for job_id in (first, replayed, joined)]


def test_what_an_operator_changes_is_written_down_before_and_after(service: Service) -> None:
    owner, operator = Somebody(service, "submit", "read"), Somebody(service, "admin")
    job_id = owner.submit(garbage(1, 5000))
    assert owner.finished(job_id) == "failed"
    operator.ask("GET", f"/dead-letters/{job_id}")
    assert operator.ask("POST", f"/dead-letters/{job_id}/requeue").status_code == 200
    assert owner.finished(job_id) == "failed"
    assert operator.ask("DELETE", "/dead-letters").status_code == 200
    made = operator.ask("POST", "/keys", json={"name": MARK, "tenant": "t"}).json()["key_id"]
    operator.ask("DELETE", f"/keys/{made}")
    assert operator.deeds() == [
        ("dead_letter.read", 200, job_id),
        ("dead_letter.requeued", None, job_id),
        ("dead_letter.requeued", 200, job_id),
        ("dead_letter.purged", None, None),
        ("dead_letter.purged", 200, job_id),
        ("key.created", None, None),
        ("key.created", 201, made),
        ("key.revoked", None, made),
        ("key.revoked", 200, made),
    ]


def test_refused_access_is_counted_by_the_minute(service: Service) -> None:
    reader = Somebody(service, "read")
    for _ in range(20):
        assert reader.ask("DELETE", f"/job/{'0' * 32}").status_code == 403
    (entry,) = reader.entries(of=1)
    assert (entry["action"], entry["status"], entry["route"], entry["times"]) == (
        "access.refused",
        403,
        "DELETE /job/{job_id}",
        1,
    )
    unknown = service.client.get("/jobs", headers={"X-API-Key": "scr_nobody"})
    assert unknown.status_code == 401
    refused = service.client.get("/audit", params={"action": "access.refused"}).json()["entries"]
    strangers = [each for each in refused if each["status"] == 401]
    assert [(each["tenant"], each["who"], each["object_id"]) for each in strangers] == [(None, None, None)]


def test_somebody_elses_job_is_asked_for_in_vain_and_that_is_known(service: Service) -> None:
    owner, other = Somebody(service, "submit", "read"), Somebody(service, "read")
    job_id = owner.submit()
    assert other.ask("GET", f"/result/{job_id}").status_code == 404
    assert other.deeds(of=1) == [("transcript.read", 404, job_id)]


def test_only_an_operator_reads_it(service: Service) -> None:
    assert Somebody(service, "submit", "read").ask("GET", "/audit").status_code == 403


def test_it_is_read_by_page_time_action_and_object(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    jobs = [owner.submit() for _ in range(5)]
    for job_id in jobs:
        owner.finished(job_id)
        assert owner.ask("GET", f"/result/{job_id}").status_code == 200
    read: list[str] = []
    query = {"tenant": owner.tenant, "action": "transcript.read", "limit": "2"}
    while True:
        page = service.client.get("/audit", params=query).json()
        read += [entry["object_id"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert read == jobs[::-1]
    every = owner.entries()
    middle = every[4]["at"]
    halves = [
        service.client.get("/audit", params={"tenant": owner.tenant, side: middle}).json()["entries"]
        for side in ("since", "until")
    ]
    assert [len(half) for half in halves] == [
        sum(entry["at"] >= middle for entry in every),
        sum(entry["at"] < middle for entry in every),
    ]
    one = service.client.get("/audit", params={"object_id": jobs[2]}).json()["entries"]
    assert [entry["action"] for entry in one] == ["transcript.read", "job.submitted"]


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "since=2026-13-01", "until=0", "cursor=x", "limit=0", "action=none", "until=2026-11-22T25:00Z"],
)
def test_a_question_that_makes_no_sense_is_refused(service: Service, query: str) -> None:
    answer = service.client.get(f"/audit?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")
    assert answer.json()["errors"][0]["option"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["cursor=0-0", "since=0001-01-01", "until=0001-01-01", "until=9999-12-31"])
def test_a_question_from_the_edge_of_time_is_answered(service: Service, query: str) -> None:
    assert service.client.get(f"/audit?{query}").status_code == 200


def test_it_holds_ids_and_no_content_and_the_log_has_the_same(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    job_id = owner.submit()
    owner.finished(job_id)
    owner.ask("GET", f"/result/{job_id}", params={"format": "text"})
    entries = owner.entries()
    whole = json.dumps(service.redis().xrange(Keys().audit))
    assert job_id in whole
    assert not any(content in whole for content in (MARK, "Segment", owner.key, ADMIN_KEY, "format"))
    lines = [json.loads(line) for line in (service.data_dir / "logs" / "gateway.log").read_text().splitlines()]
    logged = [line for line in lines if line["event"] == "audit" and line.get("tenant") == owner.tenant]
    names = ("action", "who", "object_id", "status", "address", "request_id")
    assert [[line[name] for name in names] for line in logged] == [[entry[name] for name in names] for entry in entries]


def test_what_is_too_old_goes(service: Service) -> None:
    store: Any = service.redis()
    first = {"action": "job.submitted", "tenant": "old", "status": "202", "times": "1", "object": "0" * 32}
    rest = dict.fromkeys(("who", "address", "request_id", "route"), "")
    entries = store.xrange(Keys().audit)
    store.delete(Keys().audit)
    store.xadd(Keys().audit, first | rest, id="1-1")
    for entry_id, fields in entries:
        store.xadd(Keys().audit, fields, id=entry_id)
    until(lambda: True if not store.xrange(Keys().audit, "1-1", "1-1") else None, 20, service.output)
    assert store.xlen(Keys().audit) >= len(entries)


def test_the_command_shows_it(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    job_id = owner.submit()

    def command(*arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "cli.main", "audit", "--server", f"http://127.0.0.1:{service.port}", *arguments],
            env=environment(SCRIPTORIUM_API_KEY=ADMIN_KEY),
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout

    (line,) = command("--tenant", owner.tenant).splitlines()
    assert line.split("\t")[1:] == ["job.submitted", "202", owner.tenant, f"key:{owner.key_id}", job_id, "127.0.0.1"]
    assert json.loads(command("--object", job_id, "--json"))["entries"] == owner.entries()


def test_without_room_in_redis_nothing_is_changed_unseen_and_transcripts_are_still_read(service: Service) -> None:
    owner = Somebody(service, "submit", "read")
    job_id = owner.submit()
    owner.finished(job_id)
    owner.ask("GET", "/jobs")
    store = service.redis()
    keys = service.client.get("/keys").json()["total"]
    store.config_set("maxmemory", "1mb")
    try:
        assert service.client.post("/keys", json={"name": "x", "tenant": "t"}).status_code == 503
        assert owner.ask("GET", f"/result/{job_id}").status_code == 200
    finally:
        store.config_set("maxmemory", "0")
    assert service.client.get("/keys").json()["total"] == keys
    assert ("transcript.read", 200, job_id) not in owner.deeds()
    (unstored,) = [
        line.split()[1]
        for line in service.client.get("/metrics").text.splitlines()
        if line.startswith("transcription_audit_entries_unstored_total ")
    ]
    assert float(unstored) >= 1
    log = (service.data_dir / "logs" / "gateway.log").read_text().splitlines()
    assert any('"transcript.read"' in line and job_id in line for line in log)
