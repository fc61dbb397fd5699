"""Audio in a bucket, with a real S3 server behind a proxy that can fail: jobs are done, and nothing is left of them."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.harness.cluster import Cluster, eventually
from tests.harness.file_server import File, FileServer
from tests.harness.memory import memory_of
from tests.harness.proxy import Proxy
from tests.harness.s3_server import S3Server
from tests.harness.service import Service, until
from tests.media import references, silence_wav, word_error_rate

MIB = 1024 * 1024
LONG = silence_wav(3600, rate=100)
"""Small, and six minutes of work to the scripted transcriber."""
FILE_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'


class Installation:
    """A cluster whose audio is in a bucket, and a look into it."""

    def __init__(self, server: S3Server, folder: Path, prefix: str, **settings: str) -> None:
        self._server = server
        self._prefix = prefix
        self.proxy = Proxy(server.port)
        scripted = {
            "TRANSCRIBER": "scripted",
            "SCRIPTED_RTF": "0.1",
            "WORKER_CONCURRENCY": "4",
            "CLEAN_UP_SECONDS": "1",
            "REAP_SECONDS": "1",
            "LEASE_SECONDS": "3",
            "HEARTBEAT_SECONDS": "1",
            "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.1/32",
        }
        self.cluster = Cluster(
            folder, proxied=False, **scripted, **server.settings(prefix, port=self.proxy.port), **settings
        )

    def objects(self) -> dict[str, int]:
        return self._server.objects(self._prefix)

    def unfinished(self) -> list[str]:
        return self._server.unfinished(self._prefix)

    def scratch_files(self) -> list[Path]:
        return [path for path in (self.cluster.folder / "scratch").rglob("*") if path.is_file()]

    def post(self, media: bytes, **options: str) -> httpx.Response:
        return httpx.post(
            f"{self.cluster.base_url()}/transcribe",
            files={"file": ("a.wav", media)},
            data=options,
            headers={"Cache-Control": "no-cache"},
            timeout=60,
            trust_env=False,
        )

    def submit(self, media: bytes) -> str:
        answer = self.post(media)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def status(self, job_id: str) -> dict[str, object]:
        document: dict[str, object] = self.request("GET", f"/status/{job_id}").json()
        return document

    def request(self, method: str, path: str) -> httpx.Response:
        return httpx.request(method, f"{self.cluster.base_url()}{path}", timeout=60, trust_env=False)

    def await_status(self, job_id: str, *wanted: str, seconds: float = 60) -> dict[str, object]:
        def look() -> dict[str, object] | None:
            document = self.status(job_id)
            return document if document["status"] in wanted else None

        return until(look, seconds, self.cluster.log_tails)

    @contextmanager
    def uploading(self, size_bytes: int) -> Iterator[http.client.HTTPConnection]:
        """Send so much of a larger upload."""
        netloc = urlsplit(self.cluster.base_url()).netloc
        with closing(http.client.HTTPConnection(netloc, timeout=60)) as connection:
            connection.putrequest("POST", "/transcribe")
            connection.putheader("Content-Type", "multipart/form-data; boundary=b")
            connection.putheader("Content-Length", str(2 * size_bytes))
            connection.endheaders(FILE_HEAD + silence_wav(1))
            for _ in range(size_bytes // MIB):
                connection.send(bytes(MIB))
            yield connection


@pytest.fixture(scope="module")
def installation(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    running = Installation(s3_server, tmp_path_factory.mktemp("s3") / "cluster", "e2e")
    with running.proxy, running.cluster as cluster:
        cluster.start(workers=1, beat=True)
        yield running


def test_real_speech_goes_through_a_bucket(s3_server: S3Server, tmp_path: Path) -> None:
    reference = references()[0]
    with Service(tmp_path, CLEAN_UP_SECONDS="1", **s3_server.settings("speech")) as service:
        transcript = service.transcribed(reference.path)
        assert word_error_rate([(reference.text, transcript["text"])]) < 10
        until(lambda: None if s3_server.objects("speech") else True, 20, service.output)
        assert not (tmp_path / "media").exists()


@pytest.mark.parametrize("size_bytes", [MIB, 12 * MIB])
def test_a_job_is_done_and_its_audio_goes(installation: Installation, size_bytes: int) -> None:
    media = silence_wav(size_bytes / 200_000, rate=100_000)
    job_id = installation.submit(media)
    assert installation.objects().get(job_id, len(media)) == len(media)
    done = installation.await_status(job_id, "completed", "failed")
    assert done["status"] == "completed", done
    assert eventually(lambda: job_id not in installation.objects(), 20)
    assert (installation.unfinished(), installation.scratch_files()) == ([], [])


def test_audio_of_a_url_is_stored_in_the_bucket_for_later_attempts(installation: Installation) -> None:
    with FileServer(lambda _: File.of(LONG)) as server:
        answer = httpx.post(
            f"{installation.cluster.base_url()}/transcribe", json={"url": server.url()}, timeout=60, trust_env=False
        )
        job_id = answer.json()["job_id"]
        installation.await_status(job_id, "processing")
        assert eventually(lambda: job_id in installation.objects(), 20)
    assert installation.request("DELETE", f"/job/{job_id}").status_code == 202
    installation.await_status(job_id, "cancelled")
    assert eventually(lambda: not installation.objects() and not installation.scratch_files(), 20)


def test_erasing_a_job_removes_its_object_and_counts_it(installation: Installation) -> None:
    media = b"RIFF" + bytes(50)
    job_id = installation.submit(media)
    failed = installation.await_status(job_id, "failed")
    assert failed["failure"]["code"] == "audio_undecodable"  # type: ignore[index]
    assert installation.objects() == {job_id: len(media)}
    erased = installation.request("DELETE", f"/job/{job_id}").json()["erased"]
    assert (erased["audio_files"], erased["audio_bytes"]) == (1, len(media))
    assert installation.objects() == {}


def test_a_killed_worker_s_job_goes_on_and_its_copy_goes_with_the_next_start(installation: Installation) -> None:
    job_id = installation.submit(LONG)
    until(lambda: True if int(str(installation.status(job_id)["segments"])) > 2 else None, 60)
    (worker,) = installation.cluster.running_workers()
    assert installation.scratch_files()
    worker.kill()
    left = installation.scratch_files()
    assert left
    installation.cluster.start_worker()
    installation.cluster.await_ready()
    assert not [path for path in left if path.exists()]
    resumed = until(
        lambda: found if (found := installation.status(job_id))["attempt"] == 2 else None,
        60,
        installation.cluster.log_tails,
    )
    assert int(str(resumed["segments"])) > 2
    installation.request("DELETE", f"/job/{job_id}")
    installation.await_status(job_id, "cancelled")


def test_while_the_bucket_is_away_posts_are_told_to_come_back_and_jobs_wait(installation: Installation) -> None:
    # Six minutes of work each, for every place: what comes now waits.
    busy = [installation.submit(LONG) for _ in range(4)]
    for job_id in busy:
        installation.await_status(job_id, "processing")
    waiting = installation.submit(silence_wav(1))
    installation.proxy.refuse()
    try:
        answer = installation.post(silence_wav(2))
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        installation.request("DELETE", f"/job/{busy[0]}")
        begun = installation.await_status(waiting, "processing")
        assert begun["attempt"] == 1
        assert installation.request("GET", "/health/ready").status_code == 200
    finally:
        installation.proxy.restore()
    done = installation.await_status(waiting, "completed", "failed")
    assert (done["status"], done["attempt"]) == ("completed", 1)
    for job_id in busy[1:]:
        installation.request("DELETE", f"/job/{job_id}")
    assert installation.post(silence_wav(2)).status_code == 202
    assert eventually(lambda: not installation.objects(), 30)


def test_a_gateway_killed_within_an_upload_leaves_nothing_after_the_clean_up(
    s3_server: S3Server, tmp_path: Path
) -> None:
    installation = Installation(s3_server, tmp_path / "cluster", "killed", ORPHAN_SECONDS="2")
    with installation.proxy, installation.cluster as cluster:
        gateway = cluster.start_gateway()
        cluster.await_ready()
        with installation.uploading(12 * MIB):
            assert eventually(lambda: bool(installation.unfinished()), 20)
            gateway.kill()
        assert installation.unfinished()
        assert installation.objects() == {}
        cluster.start_beat()
        assert eventually(lambda: not installation.unfinished(), 30)
        assert installation.objects() == {}


def test_the_gateway_s_memory_is_no_matter_of_an_upload_s_size(s3_server: S3Server, tmp_path: Path) -> None:
    installation = Installation(s3_server, tmp_path / "cluster", "large", MAX_FILE_SIZE_MB="300")
    with installation.proxy, installation.cluster as cluster:
        gateway = cluster.start_gateway()
        cluster.await_ready()
        media = silence_wav(8 * MIB / 200_000, rate=100_000)
        installation.submit(media)
        before_bytes = memory_of(gateway.pid, "VmHWM")
        job_id = installation.submit(media + bytes(192 * MIB))
        assert installation.objects()[job_id] == len(media) + 192 * MIB
        assert memory_of(gateway.pid, "VmHWM") - before_bytes < 16 * MIB
        for each in installation.objects():
            s3_server.client.delete_object(Bucket="recordings", Key=f"large/{each}")
