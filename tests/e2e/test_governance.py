"""Retention, sensitivity and erasure through the real processes, over HTTP and the command line."""

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.keys import Keys
from tests.harness.cluster import Cluster
from tests.harness.receiver import Receiver, Reply
from tests.harness.service import environment, until
from tests.harness.traces import traces
from tests.media import silence_wav

ADMIN_KEY = secrets.token_hex(32)
ADMIN = {"X-API-Key": ADMIN_KEY}
SHORT = silence_wav(1, rate=8000)
LONG = silence_wav(3600, rate=100)
MARKED = silence_wav(1.3, rate=8000)
PHRASE = "Segment 1 from 0.0 to 1.3 seconds."
"""What is transcribed of that one, and of no other."""
A_MINUTE = str(1 / 60)
AUDIT_LOG = Keys().audit


class Installation:
    """A cluster with labels, of which one has a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.vault = folder / "vault"
        self.vault.mkdir()
        self.cluster = Cluster(
            folder / "data",
            TRANSCRIBER="scripted",
            SCRIPTED_RTF="0.1",
            WORKER_CONCURRENCY="1",
            AUTH_MODE="api_key",
            ADMIN_KEY=ADMIN_KEY,
            WEBHOOK_SECRET=f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
            OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
            SENSITIVITY_LABELS="public,internal,confidential",
            SENSITIVITY_DEFAULT="internal",
            SENSITIVE_UPLOAD_DIRS=f"confidential={self.vault}",
            CLEAN_UP_SECONDS="1",
            RESULT_TTL_HOURS="24",
        )

    def traces(self, *words: str) -> list[str]:
        """Return where in Redis or among the media these words are, but for the audit log, which keeps ids."""
        found = traces(self.cluster.redis, words, self.cluster.media_folder, self.vault)
        return [trace for trace in found if not trace.endswith(f" in {AUDIT_LOG}")]

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.cluster.logs.iterdir())

    def metrics_of_the_worker(self) -> str:
        (worker,) = httpx.get(f"{self.cluster.base_url()}/health/ready", trust_env=False).json()["workers"]
        return httpx.get(f"http://127.0.0.1:{worker['metrics_port']}/metrics", trust_env=False).text

    def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return httpx.request(
            method, f"{self.cluster.base_url()}{path}", headers=ADMIN, json=body, trust_env=False, timeout=60
        )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=self.cluster.logs,
            env=environment(
                SCRIPTORIUM_SERVER=self.cluster.base_url(),
                SCRIPTORIUM_API_KEY=ADMIN_KEY,
                PYTHONPATH=str(Path(__file__).parents[2]),
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    running = Installation(tmp_path_factory.mktemp("governance"))
    with running.cluster as cluster:
        cluster.start(workers=1, beat=True)
        yield running


class Client:
    """Somebody with a key of his own tenant."""

    def __init__(self, installation: Installation, tenant: str, **limits: Any) -> None:  # noqa: ANN401 - any JSON
        answer = installation.admin("POST", "/keys", {"tenant": tenant, "name": f"key of {tenant}", **limits})
        assert answer.status_code == 201, answer.text
        self.key_id = answer.json()["key_id"]
        self.http = httpx.Client(
            base_url=installation.cluster.base_url(),
            headers={"X-API-Key": answer.json()["key"]},
            trust_env=False,
            timeout=30,
        )

    def post(
        self,
        *parts: tuple[str, str],
        media: bytes = SHORT,
        name: str = "audio.wav",
        last: bool = True,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Post a form with its parts in this order, the file last or first."""
        form: list[tuple[str, Any]] = [(field, (None, value)) for field, value in parts]
        form.insert(len(form) if last else 0, ("file", (name, media)))
        return self.http.post("/transcribe", files=form, headers={"Cache-Control": "no-cache"} | (headers or {}))

    def submit(self, *parts: tuple[str, str], **arguments: Any) -> str:  # noqa: ANN401 - as post takes them
        answer = self.post(*parts, **arguments)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def status(self, job_id: str) -> dict[str, Any]:
        document: dict[str, Any] = self.http.get(f"/status/{job_id}").json()
        return document

    def finished(self, job_id: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            document = self.status(job_id)
            return document if document["status"] in {"completed", "failed", "cancelled"} else None

        return until(look, 60, lambda: str(self.status(job_id)))

    def running(self, job_id: str) -> None:
        until(lambda: True if self.status(job_id)["status"] == "processing" else None, 60)


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    document = answer.json()
    return answer.status_code, document["code"], [each["option"] for each in document.get("errors", ())]


def forget_traffic(installation: Installation, job_id: str) -> None:
    """Drop the note that a claim was made, which is kept for a lease: its attempt was not the last one."""
    for name in installation.cluster.redis.scan_iter(f"{Keys().prefix}claim:*"):
        if installation.cluster.redis.get(name) == job_id:
            installation.cluster.redis.delete(name)


# Retention


def test_a_job_is_kept_as_long_as_it_asks(installation: Installation) -> None:
    client = Client(installation, "ann")
    document = client.finished(client.submit(("retention_hours", "0.5")))
    assert document["retention_hours"] == 0.5
    keys = Keys()
    for name in (keys.job(document["job_id"]), keys.result(document["job_id"])):
        assert 0 < installation.cluster.redis.pttl(name) <= 1_800_000
    document = client.finished(client.submit())
    assert document["retention_hours"] is None
    assert installation.cluster.redis.pttl(keys.job(document["job_id"])) > 86_400_000


def test_a_retention_out_of_bounds_is_refused_and_leaves_nothing(installation: Installation) -> None:
    client = Client(installation, "ann", retention_hours=2)
    for hours in ("3", "0", "-1", "0.01", "nan", "soon"):
        answer = client.post(("retention_hours", hours), name="refused.wav")
        assert problem(answer) == (422, "invalid_options", ["retention_hours"])
        assert "2 (the key's)" in answer.json()["detail"]
    assert installation.traces("refused.wav") == []


def test_a_keys_retention_holds_for_its_jobs_and_is_changed_and_taken_away(installation: Installation) -> None:
    client = Client(installation, "ann", retention_hours=48)
    assert client.status(client.submit())["retention_hours"] == 48
    assert client.status(client.submit(("retention_hours", A_MINUTE)))["retention_hours"] == pytest.approx(1 / 60)
    ended = installation.command("keys", "change", client.key_id, "--retention-hours", "12", "--weight", "2")
    assert (ended.returncode, ended.stdout) == (0, f"changed {client.key_id}\n"), ended.stderr
    until(lambda: True if client.status(client.submit())["retention_hours"] == 12 else None, 10)
    ended = installation.command("keys", "change", client.key_id, "--without", "retention-hours")
    assert ended.returncode == 0, ended.stderr
    until(lambda: True if client.status(client.submit())["retention_hours"] is None else None, 10)
    shown = installation.admin("GET", f"/keys/{client.key_id}").json()
    assert (shown["weight"], shown["retention_hours"], shown["scopes"]) == (2, None, ["read", "submit"])


def test_after_a_minute_nothing_is_left_of_a_job_that_asked_for_one(installation: Installation) -> None:
    client = Client(installation, "minute-tenant")
    job_id = client.submit(
        ("retention_hours", A_MINUTE), ("sensitivity", "confidential"), media=b"RIFF" + bytes(50), name="minute.wav"
    )
    assert client.finished(job_id)["status"] == "failed"
    assert (installation.vault / "media" / job_id).exists()
    redis, keys = installation.cluster.redis, Keys()
    # Its minute is over sooner: what it is counted by is set back.
    for name in [*redis.scan_iter(f"*:{job_id}*")]:
        assert 0 < redis.pttl(name) <= 60_000
        redis.pexpire(name, 1)
    (entry,) = (entry for entry in redis.zrange(keys.expiring, 0, -1) if job_id in entry)
    redis.zadd(keys.expiring, {str(entry): 1})
    until(lambda: True if not list((installation.vault / "media").iterdir()) else None, 20)
    assert client.http.get(f"/status/{job_id}").status_code == 404
    forget_traffic(installation, job_id)
    redis.delete(keys.activity)
    installation.admin("DELETE", f"/keys/{client.key_id}")
    until(lambda: True if not redis.exists(keys.jobs_of("minute-tenant")) else None, 20)
    assert installation.traces(job_id, "minute.wav") == []


def test_a_change_says_what_it_is_missing(installation: Installation) -> None:
    key_id = Client(installation, "ann").key_id
    for wrong in ([], ["--retention-hours", "1", "--without", "retention-hours"], ["--without", "tenant"]):
        assert installation.command("keys", "change", key_id, *wrong).returncode == 2
    ended = installation.command("keys", "change", key_id, "--sensitivity", "top")
    assert ended.returncode == 4
    assert "public, internal, confidential" in ended.stderr


# Webhooks of keys


def test_a_keys_webhook_is_told_unless_a_job_names_another(installation: Installation) -> None:
    with Receiver() as keys_own, Receiver() as jobs_own:
        client = Client(installation, "ann", webhook_url=keys_own.url("/of-the-key"))
        first = client.submit()
        assert json.loads(keys_own.awaited(1)[0].body)["data"]["job_id"] == first
        second = client.submit(("webhook_url", jobs_own.url("/of-the-job")))
        assert json.loads(jobs_own.awaited(1)[0].body)["data"]["job_id"] == second
        assert client.http.get(f"/webhooks/{first}").json()["url"] == keys_own.url("/of-the-key")
        assert len(keys_own.received) == 1

        changed = installation.admin("PATCH", f"/keys/{client.key_id}/limits", {"webhook_url": jobs_own.url("/new")})
        assert changed.json()["webhook_url"] == jobs_own.url("/new")
        until(lambda: url_of(client, client.submit()) == jobs_own.url("/new") or None, 10)
        ended = installation.command("keys", "change", client.key_id, "--without", "webhook-url")
        assert ended.returncode == 0, ended.stderr
        until(lambda: url_of(client, client.submit()) is None or None, 10)


def url_of(client: Client, job_id: str) -> str | None:
    url: str | None = client.http.get(f"/webhooks/{job_id}").json()["url"]
    return url


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"webhook_url": "http://10.0.0.1/"}, "webhook_url"),
        ({"webhook_url": "nonsense"}, "webhook_url"),
        ({"webhook_url": ""}, "webhook_url"),
        ({"retention_hours": 0}, "retention_hours"),
        ({"retention_hours": 100_000}, "retention_hours"),
        ({"sensitivity": "top-secret"}, "sensitivity"),
    ],
)
def test_what_a_key_can_not_have_is_named(installation: Installation, limits: dict[str, Any], named: str) -> None:
    key_id = Client(installation, "ann").key_id
    for method, path, body in (
        ("POST", "/keys", {"tenant": "ann", "name": "x", **limits}),
        ("PUT", f"/keys/{key_id}/limits", limits),
        ("PATCH", f"/keys/{key_id}/limits", limits),
    ):
        assert problem(installation.admin(method, path, body)) == (422, "invalid_options", [named])


# Sensitivity


def test_a_label_goes_with_its_job_everywhere(installation: Installation) -> None:
    client = Client(installation, "labels")
    confidential = client.submit(("sensitivity", "confidential"), media=LONG)
    client.running(confidential)
    assert (installation.vault / "media" / confidential).exists()
    public = client.submit(("sensitivity", "public"))
    plain = client.submit()
    assert {public, plain} <= {path.name for path in installation.cluster.media_folder.iterdir()}
    assert client.http.delete(f"/job/{confidential}").status_code == 202
    for job_id, label in ((confidential, "confidential"), (public, "public"), (plain, "internal")):
        assert client.finished(job_id)["sensitivity"] == label
    listed = {job["job_id"]: job["sensitivity"] for job in client.http.get("/jobs").json()["jobs"]}
    assert listed == {confidential: "confidential", public: "public", plain: "internal"}
    until(lambda: True if not list((installation.vault / "media").iterdir()) else None, 20)

    lines = [json.loads(line) for line in installation.logs().splitlines() if line.startswith("{")]
    accepted = {line["job_id"]: line.get("sensitivity") for line in lines if line.get("event") == "job_accepted"}
    attempts = {line["work_id"]: line.get("sensitivity") for line in lines if line.get("event") == "attempt_ended"}
    for found in (accepted, attempts):
        assert [found[job_id] for job_id in (confidential, public, plain)] == ["confidential", "public", "internal"]
    gateway = httpx.get(f"{installation.cluster.base_url()}/metrics", trust_env=False).text
    assert 'transcription_jobs_accepted_total{outcome="accepted",sensitivity="confidential"}' in gateway
    worker = installation.metrics_of_the_worker()
    assert 'transcription_attempts_total{outcome="cancelled",sensitivity="confidential"}' in worker


def test_sharing_never_crosses_labels(installation: Installation) -> None:
    client = Client(installation, "sharing")

    def post(label: str) -> dict[str, Any]:
        answer = client.post(("sensitivity", label), headers={"Cache-Control": ""})
        document: dict[str, Any] = answer.json()
        client.finished(document["job_id"])
        return document

    assert [post(label)["cached"] for label in ("public", "confidential", "public", "confidential")] == [
        False,
        False,
        True,
        True,
    ]


def test_an_unknown_label_is_told_those_that_are_known(installation: Installation) -> None:
    client = Client(installation, "ann")
    for last in (True, False):
        answer = client.post(("sensitivity", "secret"), last=last, name="unknown.wav")
        assert problem(answer) == (422, "invalid_options", ["sensitivity"])
        assert "public, internal, confidential" in answer.json()["detail"]
    assert installation.traces("unknown.wav") == []


def test_a_label_behind_a_file_that_lies_elsewhere_is_refused_and_leaves_nothing(installation: Installation) -> None:
    client = Client(installation, "ann")
    folders = (installation.cluster.media_folder, installation.vault / "media")
    before = {path for folder in folders for path in folder.iterdir()}
    answer = client.post(("sensitivity", "confidential"), last=False, media=LONG)
    assert problem(answer) == (422, "invalid_options", ["sensitivity"])
    assert "before the file" in answer.json()["detail"]
    assert {path for folder in folders for path in folder.iterdir()} <= before
    # Where it changes nothing it may come when it likes.
    assert client.status(client.submit(("sensitivity", "public"), last=False))["sensitivity"] == "public"


def test_a_keys_label_stores_its_audio_apart_from_the_first_byte(installation: Installation) -> None:
    client = Client(installation, "vaulted", sensitivity="confidential")
    busy = client.submit(media=LONG)
    client.running(busy)
    assert (installation.vault / "media" / busy).exists()
    answer = client.post(("sensitivity", "public"), last=False)
    assert problem(answer) == (422, "invalid_options", ["sensitivity"])
    client.http.delete(f"/job/{busy}")
    client.finished(busy)


# Erasure


def test_erasure_removes_everything(installation: Installation) -> None:
    with Receiver(lambda _: Reply(status=500)) as receiver:
        client = Client(installation, "erasing-tenant", sensitivity="confidential")
        job_id = client.submit(
            ("webhook_url", receiver.url("/erased-hook")),
            ("initial_prompt", "erased prompt"),
            media=MARKED,
            name="erased.wav",
            headers={"Idempotency-Key": "erased-key"},
        )
        assert client.finished(job_id)["status"] == "completed"
        receiver.awaited(1)
        assert PHRASE in client.http.get(f"/result/{job_id}").text
        words = (job_id, "erased.wav", "erased prompt", "erased-hook", PHRASE)
        assert {trace.split(" in ")[0] for trace in installation.traces(*words)} == set(words)
        answer = client.http.delete(f"/job/{job_id}")
    assert answer.status_code == 200
    document = answer.json()
    assert (document["outcome"], document["shared_with_other_jobs"]) == ("erased", False)
    counts = document["erased"]
    assert counts.pop("events") >= 3
    assert 0 <= counts.pop("audio_files") <= 1  # the clean-up may have been sooner
    assert counts.pop("audio_bytes") in {0, len(MARKED)}
    assert counts == {
        "records": 1,
        "results": 1,
        "segments": 1,
        "attempts": 1,
        "webhook_events": 1,
        "idempotency_keys": 1,
        "corrections": 0,
    }
    assert installation.traces(*words) == []
    (left,) = installation.traces("erasing-tenant")  # his key is there, and he has no job
    assert left.endswith(f"api-key:{client.key_id}")
    assert client.http.delete(f"/job/{job_id}").status_code == 404
    assert client.post(name="erased.wav", headers={"Idempotency-Key": "erased-key"}).status_code == 202


def test_what_others_share_stays_for_them_and_the_report_says_so(installation: Installation) -> None:
    client = Client(installation, "sharers")
    first, second = (client.post(headers={"Cache-Control": ""}).json()["job_id"] for _ in range(2))
    client.finished(first), client.finished(second)
    answer = client.http.delete(f"/job/{first}").json()
    assert answer["shared_with_other_jobs"] is True
    assert (answer["erased"]["records"], answer["erased"]["results"], answer["erased"]["segments"]) == (1, 0, 0)
    assert client.http.get(f"/result/{second}").status_code == 200
    answer = client.http.delete(f"/job/{second}").json()
    assert answer["shared_with_other_jobs"] is False
    assert (answer["erased"]["results"], answer["erased"]["segments"]) == (1, 1)
    forget_traffic(installation, first)
    assert installation.traces(first, second) == []


def test_a_job_that_runs_is_cancelled_first(installation: Installation) -> None:
    client = Client(installation, "runner")
    job_id = client.submit(media=LONG)
    client.running(job_id)
    answer = client.http.delete(f"/job/{job_id}")
    assert (answer.status_code, answer.json()["outcome"], answer.json()["erased"]) == (202, "cancel_requested", None)
    assert client.finished(job_id)["status"] == "cancelled"
    assert client.http.delete(f"/job/{job_id}").json()["outcome"] == "erased"
    assert installation.traces(job_id) == []


def test_an_erased_tenant_leaves_nothing_but_ids_of_keys(installation: Installation) -> None:
    tenant = "tenant/with:odd?name"
    with Receiver() as receiver:
        client = Client(installation, tenant, webhook_url=receiver.url("/of-the-tenant"))
        Client(installation, tenant)
        done = [client.submit(name="tenants.wav", headers={"Idempotency-Key": str(n)}) for n in range(3)]
        failed = client.submit(media=b"RIFF" + bytes(50), name="tenants.wav")
        for job_id in (*done, failed):
            client.finished(job_id)
        running = client.submit(media=LONG)
        client.running(running)
        waiting = client.submit(media=LONG)
        receiver.awaited(4)
    bystander = Client(installation, "bystander")
    untouched = bystander.submit()

    words = (*done, failed, running, waiting, tenant, "tenants.wav", "of-the-tenant")
    ended = installation.command("erase", "--tenant", tenant, "--yes")
    assert ended.returncode == 0, ended.stderr
    counts = dict(line.split("\t") for line in ended.stdout.splitlines())
    assert (counts["keys"], counts["records"], counts["results"]) == ("2", "6", "3")
    assert (counts["idempotency keys"], counts["audio files"]) == ("3", counts["audio files"])
    assert int(counts["audio files"]) >= 2
    assert installation.traces(*words) == []
    assert client.http.get("/jobs").status_code == 401
    shown = installation.admin("GET", f"/keys/{client.key_id}").json()
    assert (shown["status"], shown["tenant"], shown["name"], shown["webhook_url"]) == ("revoked", "", "", None)
    assert bystander.finished(untouched)["status"] == "completed"

    again = installation.command("erase", "--tenant", tenant, "--yes")
    assert {line.split("\t")[1] for line in again.stdout.splitlines()} == {"0"}


def test_a_tenant_that_runs_is_told_to_stop_and_remains_until_it_has(installation: Installation) -> None:
    client = Client(installation, "busy-tenant")
    running = client.submit(media=LONG)
    client.running(running)
    report = installation.admin("DELETE", "/tenants/busy-tenant").json()
    assert (report["tenant"], report["keys"], report["pending"], report["remaining"]) == ("busy-tenant", 1, 1, 1)
    assert report["erased"]["records"] == 0

    def erased() -> dict[str, Any] | None:
        document: dict[str, Any] = installation.admin("DELETE", "/tenants/busy-tenant").json()
        return None if document["remaining"] else document

    assert until(erased, 20)["erased"]["records"] == 1
    assert installation.traces(running, "busy-tenant") == []


def test_only_who_may_do_everything_erases_a_tenant(installation: Installation) -> None:
    client = Client(installation, "ann")
    assert client.http.delete("/tenants/ann").status_code == 403
    assert problem(installation.admin("DELETE", "/tenants/%00")) == (422, "invalid_options", ["tenant"])
    ended = installation.command("erase", "--tenant", "ann")
    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert client.http.get("/jobs").status_code == 200
