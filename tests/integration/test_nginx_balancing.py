"""How the real nginx spreads requests over real gateways, and what it does when one of them fails or moves."""

import socketserver
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from cli.ports import free_port
from tests.harness.balancer import Balancer, running_balancer
from tests.harness.cluster import Cluster
from tests.harness.file_server import File, FileServer
from tests.harness.servers import skip_unless_ci
from tests.harness.service import until
from tests.media import silence_wav

REPLICAS = 3
NOBODYS = "0" * 32


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Gateways, and no worker: what is posted waits."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        running.start(workers=0, gateways=REPLICAS)
        yield running


@pytest.fixture
def balancer(cluster: Cluster, tmp_path: Path) -> Iterator[Balancer]:
    with running_balancer(tmp_path, *ports(cluster)) as running:
        yield running


def ports(cluster: Cluster) -> list[int]:
    return [httpx.URL(url).port or 0 for gateway, url in cluster.gateways.items() if gateway.is_running]


def post(url: str) -> httpx.Response:
    return httpx.post(f"{url}/transcribe", files={"file": ("a.wav", silence_wav(1))}, trust_env=False, timeout=30)


def accepted(cluster: Cluster) -> int:
    """Return how many jobs were ever accepted."""
    return int(cluster.stats()["accepted"])


class Deserter(socketserver.ThreadingTCPServer):
    """A gateway that dies of every request once it has read all of it."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        super().__init__(("127.0.0.1", 0), _Deserting)
        self.port: int = self.server_address[1]


class _Deserting(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Deserter)
        request = self.rfile.readline().decode()
        length = 0
        while header := self.rfile.readline().strip():
            name, _, value = header.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        self.rfile.read(length)
        self.server.requests.append(request.split(" ")[0])


@contextmanager
def deserter() -> Iterator[Deserter]:
    with Deserter() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def test_every_replica_serves_its_share(balancer: Balancer, cluster: Cluster) -> None:
    rounds = 20
    with httpx.Client(base_url=balancer.url, trust_env=False) as client:
        for _ in range(rounds * REPLICAS):
            assert client.get("/health").status_code == 200
    lines = until(lambda: served if len(served := balancer.requests()) == rounds * REPLICAS else None, 20)
    shares = Counter(line["upstream"] for line in lines)
    assert shares == {f"127.0.0.1:{port}": rounds for port in ports(cluster)}


def test_whoever_has_the_fewest_requests_under_way_gets_the_next(balancer: Balancer, cluster: Cluster) -> None:
    job_id = post(cluster.base_url()).json()["job_id"]

    def follow(stack: ExitStack) -> httpx.Response:
        answer = stack.enter_context(
            httpx.stream("GET", f"{balancer.url}/events/{job_id}", trust_env=False, timeout=30)
        )
        # Kept, because the stream is closed when what reads it is forgotten.
        next(stack.enter_context(nullcontext(answer.iter_raw())))
        return answer

    with ExitStack() as first, ExitStack() as second, ExitStack() as third:
        answers = [follow(stack) for stack in (first, second, third)]
        second.close()
        freed = balancer.request(answers[1])["upstream"]
        # In turn, the next ones would go to the others.
        for _ in range(2):
            with ExitStack() as another:
                answer = follow(another)
            assert balancer.request(answer)["upstream"] == freed
    assert len({balancer.request(answer)["upstream"] for answer in answers}) == REPLICAS


def test_a_killed_replica_is_passed_over(tmp_path: Path, cluster: Cluster) -> None:
    doomed = cluster.start_gateway()
    cluster.await_ready()
    with running_balancer(tmp_path, *ports(cluster)) as balancer:
        doomed.kill()
        before = accepted(cluster)
        answers = [httpx.get(f"{balancer.url}/health", trust_env=False) for _ in range(12)]
        answers += [post(balancer.url) for _ in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 12 + [202] * 8
        assert accepted(cluster) - before == 8
        assert any(", " in line["upstream"] for line in balancer.requests()), "it was tried, and passed over"


def test_who_asks_is_asked_for_elsewhere_and_who_posts_or_deletes_is_not(tmp_path: Path, cluster: Cluster) -> None:
    for method, expected in (("GET", [200, 200]), ("POST", [202, 502]), ("DELETE", [404, 502])):
        folder = tmp_path / method
        folder.mkdir()
        with deserter() as bad, running_balancer(folder, bad.port, ports(cluster)[0]) as balancer:
            before = accepted(cluster)

            def send(method: str = method, url: str = balancer.url) -> httpx.Response:
                if method == "POST":
                    return post(url)
                path = "/health" if method == "GET" else f"/job/{NOBODYS}"
                return httpx.request(method, f"{url}{path}", trust_env=False)

            answers = [send() for _ in range(2)]
            assert sorted(answer.status_code for answer in answers) == expected
            assert bad.requests == [method]
            assert accepted(cluster) - before == (1 if method == "POST" else 0)
            for failed in (answer for answer in answers if answer.status_code == 502):
                assert failed.json()["code"] == "gateway_unavailable"
                assert balancer.request(failed)["upstream"] == f"127.0.0.1:{bad.port}"


def test_a_connection_without_a_request_outlives_a_reload(tmp_path: Path, balancer: Balancer) -> None:
    configuration = tmp_path / "nginx"
    can = "keepalive_min_timeout" in (configuration / "snippets" / "limits.conf").read_text()
    with closing(HTTPConnection(urlsplit(balancer.url).netloc, timeout=20)) as kept:

        def ask() -> str:
            kept.request("GET", "/health")
            answer = kept.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)
            return answer.headers["Connection"]

        assert ask() == "keep-alive"
        subprocess.run(["nginx", "-e", "stderr", "-c", configuration / "nginx.conf", "-s", "reload"], check=True)  # noqa: S607 - the balancer runs
        # Before 1.27.4 nginx closes it as it likes, under a request that is on its way, too.
        with nullcontext() if can else suppress(ConnectionError):
            until(lambda: ask() == "close" or None, 20, balancer.log.read_text)
    assert httpx.get(f"{balancer.url}/health", trust_env=False).is_success


def test_a_gateway_that_comes_back_with_another_address_is_found(tmp_path: Path) -> None:
    port = free_port()
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.21 gateways.test\n")
    private = ("unshare", "--mount", "--propagation", "private")
    if subprocess.run([*private, "true"], check=False, capture_output=True).returncode != 0:
        skip_unless_ci("the right to have an /etc/hosts of one's own")
    own_names = (*private, "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh")

    with (
        FileServer(lambda _: File.of(b"first"), host="127.0.0.21", port=port),
        FileServer(lambda _: File.of(b"second"), host="127.0.0.22", port=port),
        running_balancer(tmp_path, within=own_names, NGINX_GATEWAYS=f"gateways.test:{port}") as balancer,
    ):

        def who() -> str:
            """Ask by a connection of its own: one that is kept may be closed as nginx is reloaded."""
            return httpx.get(f"{balancer.url}/health", trust_env=False).text

        assert who() == "first"
        hosts.write_text("127.0.0.21 gateways.test\n127.0.0.22 gateways.test\n")
        until(lambda: who() == "second" or None, 20, balancer.log.read_text)
        assert {who() for _ in range(4)} == {"first", "second"}
        hosts.write_text("127.0.0.22 gateways.test\n")
        until(lambda: {who() for _ in range(4)} == {"second"} or None, 20, balancer.log.read_text)
        # No address at all is a fault of names: who is known is asked on.
        hosts.write_text("127.0.0.23 somebody.test\n")
        until(lambda: "no gateway has an address" in balancer.log.read_text() or None, 20, balancer.log.read_text)
        assert who() == "second"
