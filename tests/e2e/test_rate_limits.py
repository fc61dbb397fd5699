"""Rate limits as clients meet them: through two gateways, directly and behind the real nginx, whatever they claim."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import pytest

from tests.abuse.forged_addresses import Headers, claims
from tests.harness.balancer import Balancer, running_balancer
from tests.harness.cluster import Cluster
from tests.media import silence_wav

SUBMISSIONS = 4
READS = 40
NOBODYS = "0" * 32
SUBMIT_RATE = f"{SUBMISSIONS}/minute"
READ_RATE = f"{READS}/day"
PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two gateways that trust nobody, and no worker."""
    with Cluster(
        tmp_path_factory.mktemp("cluster"), RATE_LIMIT_SUBMIT=SUBMIT_RATE, RATE_LIMIT_READ=READ_RATE
    ) as running:
        running.start(workers=0, gateways=2)
        yield running


@pytest.fixture(scope="module")
def balancer(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancer]:
    """Nginx in front of a third gateway, which trusts it."""
    gateway = cluster.start_gateway(**PROXY)
    cluster.await_ready()
    url = cluster.gateways.pop(gateway)  # whom the other tests don't ask
    port = urlsplit(url).port
    assert port is not None
    try:
        with running_balancer(tmp_path_factory.mktemp("nginx"), port) as running:
            yield running
    finally:
        gateway.kill()


class Client:
    """Somebody with an address of his own on loopback, unlike everybody before him."""

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        number = next(self._numbers)
        self.address = f"127.{2 + number // 250}.0.{1 + number % 250}"
        self._http = httpx.Client(transport=httpx.HTTPTransport(local_address=self.address), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.close()

    def read(self, url: str) -> httpx.Response:
        return self._http.get(f"{url}/status/{NOBODYS}")

    def submit(self, url: str, headers: Headers | None = None) -> httpx.Response:
        return self._http.post(f"{url}/transcribe", files={"file": ("a.wav", silence_wav(1))}, headers=headers)

    def remove(self, url: str) -> httpx.Response:
        return self._http.delete(f"{url}/job/{NOBODYS}")


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as one:
        yield one


def test_submissions_are_limited_over_all_gateways(cluster: Cluster, client: Client) -> None:
    started = time.time()
    answers = [client.submit(cluster.base_url(number)) for number in range(SUBMISSIONS + 2)]
    assert [each.status_code for each in answers] == [202] * SUBMISSIONS + [429] * 2
    for number, answer in enumerate(answers):
        remaining = max(0, SUBMISSIONS - 1 - number)
        assert answer.headers["x-ratelimit-limit"] == str(SUBMISSIONS)
        assert answer.headers["x-ratelimit-remaining"] == str(remaining)
        assert started + 50 < int(answer.headers["x-ratelimit-reset"]) <= time.time() + 61
        assert answer.headers["ratelimit-policy"] == f'"submit";q={SUBMISSIONS};w=60'
        assert answer.headers["ratelimit"].startswith(f'"submit";r={remaining};t=')
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    problem = refused.json()
    assert (problem["code"], problem["status"]) == ("rate_limited", 429)
    assert f"{SUBMISSIONS} submissions per minute" in problem["detail"]
    assert f"{refused.headers['retry-after']} s" in problem["detail"]
    # He may still look after what he has, and take it back.
    assert client.read(cluster.base_url()).status_code == 404
    assert client.remove(cluster.base_url()).status_code == 404


def test_reads_are_limited_over_all_gateways(cluster: Cluster, client: Client) -> None:
    answers = [client.read(cluster.base_url(number)) for number in range(READS + 5)]
    passed = sum(each.status_code == 404 for each in answers)
    assert READS - 2 <= passed <= READS
    assert all(each.status_code == 429 for each in answers[passed:])
    assert "x-ratelimit-remaining" in answers[0].headers
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"
    assert int(answers[-1].headers["retry-after"]) > 1
    # What is for everybody is not limited.
    assert httpx.get(f"{cluster.base_url()}/health", trust_env=False).status_code == 200


def test_streaming_answers_say_how_their_client_stands(cluster: Cluster, client: Client) -> None:
    job_id = client.submit(cluster.base_url()).json()["job_id"]
    with httpx.stream("GET", f"{cluster.base_url()}/events/{job_id}", trust_env=False) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-ratelimit-limit"] == str(READS)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("through", ["gateway", "nginx"])
def test_rotated_forwarding_headers_change_nothing(
    cluster: Cluster, client: Client, through: str, request: pytest.FixtureRequest
) -> None:
    url = cluster.base_url() if through == "gateway" else request.getfixturevalue("balancer").url
    statuses = [client.submit(url, claims(number)).status_code for number in range(SUBMISSIONS + 4)]
    assert statuses == [202] * SUBMISSIONS + [429] * 4
    # Nor is anybody else harmed, and nobody is told to come over TLS.
    with Client() as another:
        answer = another.submit(url, [("X-Forwarded-For", client.address)])
        assert answer.status_code == 202
        assert "strict-transport-security" not in answer.headers
    assert client.submit(url).status_code == 429


def test_behind_nginx_everybody_has_his_own_address(balancer: Balancer) -> None:
    with Client() as one, Client() as another:
        for client in (one, another):
            assert [client.submit(balancer.url).status_code for _ in range(SUBMISSIONS)] == [202] * SUBMISSIONS
            assert client.submit(balancer.url).status_code == 429


def test_while_redis_is_away_there_is_no_limit_and_it_is_counted(tmp_path: Path) -> None:
    with (
        Cluster(tmp_path, proxied=True, RATE_LIMIT_SUBMIT=SUBMIT_RATE, RATE_LIMIT_READ=READ_RATE) as cluster,
        Client() as client,
    ):
        assert cluster.proxy is not None
        cluster.start(workers=0)
        url = cluster.base_url()
        assert client.read(url).status_code == 404
        cluster.proxy.refuse()
        assert [client.submit(url).status_code for _ in range(SUBMISSIONS + 4)] == [503] * (SUBMISSIONS + 4)
        metrics = httpx.get(f"{url}/metrics", trust_env=False).text
        assert f"transcription_rate_limits_skipped_total {SUBMISSIONS + 4}.0" in metrics
        (gateway,) = cluster.gateways
        assert gateway.log_tail(200).count("rate_limits_skipped") == 1
