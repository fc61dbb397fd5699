"""What a gateway says to clients that send too much at once, too slowly, or more than its disk takes; over HTTP."""

import http.client
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.harness.cluster import Cluster, eventually
from tests.harness.process_tree import alive, running
from tests.media import silence_wav

MIB = 1024 * 1024
FILE_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
ME, ANOTHER, A_THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Addresses of clients."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Valkey and no worker; each test starts a gateway with the limits that it is about."""
    with Cluster(tmp_path_factory.mktemp("uploads") / "cluster") as running:
        yield running


class Gateway:
    """A gateway with some limits, and its clients."""

    def __init__(self, cluster: Cluster, **limits: str) -> None:
        self._cluster = cluster
        self._process = cluster.start_gateway(**limits)
        self.url = cluster.gateways[self._process]
        self.netloc = urlsplit(self.url).netloc
        cluster.await_ready()

    def close(self) -> None:
        self._process.kill()

    def begin(self, client: str = ME, *, announced: int = 1_000_000) -> http.client.HTTPConnection:
        """Send the start of an upload."""
        connection = http.client.HTTPConnection(self.netloc, timeout=60, source_address=(client, 0))
        connection.putrequest("POST", "/transcribe")
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", str(announced))
        connection.endheaders(FILE_HEAD)
        return connection

    def post(self, client: str = ME) -> httpx.Response:
        """Post a small file."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address=client), timeout=60) as sender:
            return sender.post(f"{self.url}/transcribe", files={"file": ("a.wav", silence_wav(1))})

    def under_way(self) -> int:
        """Return what the gateway's own metric says."""
        return self.metric("uploads_under_way")

    def metric(self, name: str) -> int:
        """Return one that has no labels."""
        metrics = httpx.get(f"{self.url}/metrics", trust_env=False).text
        return int(float(metrics.partition(f"\ntranscription_{name} ")[2].split()[0]))

    def writers(self) -> list[int]:
        """Return the pids of the processes that write its uploads: one."""
        return running(self._process.pid, "api.disk_service")

    def files(self) -> list[Path]:
        return list(self._cluster.media_folder.glob("*.part"))


def problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_no_more_uploads_are_taken_at_once_than_may_be(cluster: Cluster) -> None:
    limits = {"MAX_UPLOADS": "3", "MAX_UPLOADS_PER_CLIENT": "2"}
    with closing(Gateway(cluster, **limits)) as gateway, ExitStack() as under_way:
        mine = [under_way.enter_context(closing(gateway.begin())) for _ in range(2)]
        assert eventually(lambda: gateway.under_way() == 2, 30)
        refused = gateway.post()
        problem(refused, 429, "too_many_uploads")
        assert int(refused.headers["retry-after"]) > 0

        assert gateway.post(ANOTHER).status_code == 202
        under_way.enter_context(closing(gateway.begin(ANOTHER)))
        assert eventually(lambda: gateway.under_way() == 3, 30)
        refused = gateway.post(A_THIRD)
        problem(refused, 503, "uploads_full")
        assert int(refused.headers["retry-after"]) > 0

        mine[0].close()
        assert eventually(lambda: gateway.under_way() == 2, 30)
        assert gateway.post(A_THIRD).status_code == 202


def test_a_refused_upload_is_not_read(cluster: Cluster) -> None:
    with closing(Gateway(cluster, MAX_UPLOADS="1")) as gateway, closing(gateway.begin()):
        assert eventually(lambda: gateway.under_way() == 1, 30)
        with closing(gateway.begin(ANOTHER, announced=50 * MIB)) as refused:
            # Its answer is there though most of what it has announced was never sent.
            answer = refused.getresponse()
            assert answer.status == 503


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"UPLOAD_GRACE_SECONDS": "0.5"}, "upload_too_slow"),
        ({"UPLOAD_TIMEOUT_SECONDS": "0.5"}, "upload_timed_out"),
    ],
)
def test_an_upload_that_takes_too_long_is_ended_and_leaves_nothing(
    cluster: Cluster, limits: dict[str, str], code: str
) -> None:
    with closing(Gateway(cluster, MAX_UPLOADS="1", **limits)) as gateway, closing(gateway.begin()) as slow:
        slow.send(bytes(2 * MIB)[: 1_000_000 - len(FILE_HEAD) - 100])
        answer = slow.getresponse()
        content = answer.read().decode()
        assert (answer.status, code in content) == (408, True), content
        assert gateway.under_way() == 0
        assert gateway.files() == []
        assert gateway.post().status_code == 202


def test_uploads_are_not_promised_more_disk_together_than_there_is(cluster: Cluster) -> None:
    room_mib = shutil.disk_usage(cluster.folder).free // MIB // 4  # so much that whoever else writes doesn't matter
    each_mib = room_mib * 5 // 8
    limits = {"MIN_FREE_DISK_MB": str(3 * room_mib), "MAX_FILE_SIZE_MB": str(room_mib)}
    with closing(Gateway(cluster, **limits)) as gateway, closing(gateway.begin(announced=each_mib * MIB)):
        assert eventually(lambda: gateway.under_way() == 1, 30)
        with closing(gateway.begin(announced=each_mib * MIB)) as second:
            answer = second.getresponse()
            content = answer.read().decode()
            assert (answer.status, "disk_full" in content) == (507, True), content
            assert int(answer.headers["retry-after"]) > 0
        assert gateway.post().status_code == 202


def test_a_head_that_never_ends_is_not_waited_for(cluster: Cluster) -> None:
    with (
        closing(Gateway(cluster, HEADER_TIMEOUT_SECONDS="0.5")) as gateway,
        closing(http.client.HTTPConnection(gateway.netloc, timeout=60)) as slow,
    ):
        slow.connect()
        slow.sock.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        assert slow.sock.recv(1) == b""


def test_the_process_that_writes_uploads_may_die_and_ends_with_its_gateway(cluster: Cluster) -> None:
    with closing(Gateway(cluster)) as gateway, closing(gateway.begin(announced=8 * MIB)) as begun:
        assert gateway.post(ANOTHER).status_code == 202
        begun.send(bytes(3 * MIB))  # more than is gathered before it is written
        assert eventually(lambda: [path.stat().st_size > 0 for path in gateway.files()] == [True], 30)
        (first,) = gateway.writers()
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: gateway.metric("disk_process_deaths_total") == 1, 30)
        begun.send(bytes(3 * MIB))
        answer = begun.getresponse()
        assert (answer.status, json.load(answer)["code"]) == (503, "store_unavailable")

        assert gateway.post(ANOTHER).status_code == 202
        (second,) = gateway.writers()
        assert second != first
        gateway.close()
        assert eventually(lambda: not alive(second), 30)
