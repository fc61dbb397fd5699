"""What the real nginx bounds, by client, size and time, and how it says so: in problem documents."""

import itertools
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from cli.ports import free_port
from tests.harness.balancer import Balancer, running_balancer
from tests.harness.file_server import Asked, File, FileServer
from tests.harness.service import until

MIB = 1024 * 1024
BURST = 3
UNDER_WAY = 4
CALLS = ["/v1/audio/transcriptions", "/v1/audio/translations", "/inference", "/asr", "/detect-language"]
"""What says nothing until a job is done."""
OURS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""What the gateway's answers have as well."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[FileServer]:
    with FileServer(lambda _: File.of(b"{}")) as server:
        yield server


@pytest.fixture(scope="module")
def balancer(gateway: FileServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancer]:
    with running_balancer(tmp_path_factory.mktemp("nginx"), gateway.port, MAX_FILE_SIZE_MB="0.5") as running:
        yield running


def client(address: str) -> httpx.Client:
    """Return a client that asks from an address of its own on loopback."""
    return httpx.Client(transport=httpx.HTTPTransport(local_address=address), timeout=30)


def is_problem(answer: httpx.Response, status: int, code: str, *, retry_after: str | None = None) -> bool:
    """Tell whether an answer of nginx's own has a status and a code; in any case it is as the gateway's would be."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == retry_after
    assert answer.headers["x-request-id"]
    assert answer.headers.items() >= OURS.items()
    document = answer.json()
    assert document.keys() == {"type", "code", "title", "detail", "status"}
    return (answer.status_code, document["status"], document["code"]) == (status, status, code)


def test_a_client_that_floods_is_refused_and_nobody_else(gateway: FileServer, tmp_path: Path) -> None:
    with (
        running_balancer(tmp_path, gateway.port, NGINX_REQUESTS_PER_SECOND="1", NGINX_BURST=str(BURST)) as balancer,
        client("127.0.0.11") as one,
        client("127.0.0.12") as another,
    ):
        asked = len(gateway.asked)
        answers = [one.get(f"{balancer.url}/status/a") for _ in range(3 * BURST)]
        assert [answer.status_code for answer in answers[: BURST + 1]] == [200] * (BURST + 1)
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused
        assert all(is_problem(answer, 429, "rate_limited", retry_after="1") for answer in refused)
        assert len(gateway.asked) - asked == len(answers) - len(refused)
        assert another.get(f"{balancer.url}/status/a").status_code == 200
        line = balancer.request(refused[0])
        assert (line["status"], line["limited"], line["path"]) == (429, "REJECTED", "/status/a")


def test_a_client_has_so_many_requests_under_way_and_leaves_the_rest_to_others(tmp_path: Path) -> None:
    going_on = threading.Event()

    def stream() -> Iterator[bytes]:
        yield b"event: status\n\n"
        going_on.wait(30)

    with (
        FileServer(lambda _: File(stream())) as gateway,
        running_balancer(tmp_path, gateway.port, NGINX_REQUESTS_PER_CLIENT=str(UNDER_WAY)) as balancer,
        client("127.0.0.11") as one,
        client("127.0.0.12") as another,
        ExitStack() as streams,
    ):
        for _ in range(UNDER_WAY):
            assert streams.enter_context(one.stream("GET", f"{balancer.url}/events/a")).status_code == 200
        assert is_problem(one.get(f"{balancer.url}/health"), 429, "rate_limited", retry_after="1")
        assert streams.enter_context(another.stream("GET", f"{balancer.url}/events/a")).status_code == 200
        going_on.set()


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2:"),
        ("2001:db8:1:2::", "2001:db8:1:2:"),
        ("2001:db8:1::1", "2001:db8:1::"),
        ("2001:db8:1::2", "2001:db8:1::"),
        ("::1", "::"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one(
    balancer: Balancer, tmp_path: Path, address: str, counted_as: str
) -> None:
    port = free_port()
    limits = balancer.log.parent / "nginx" / "snippets" / "limits.conf"
    configuration = tmp_path / "nginx.conf"
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    configuration.write_text(f"""
        daemon off; pid {tmp_path}/pid; error_log stderr;
        events {{}}
        http {{
            client_body_temp_path {tmp_path}/body; {paths} access_log off;
            include {limits};
            server {{
                listen 127.0.0.1:{port};
                set_real_ip_from 127.0.0.1; real_ip_header X-Address;
                location / {{ return 200 $client; }}
            }}
        }}""")
    process = subprocess.Popen(["nginx", "-e", "stderr", "-c", str(configuration)])  # noqa: S607 - found by the fixture

    def answer() -> str | None:
        try:
            return httpx.get(f"http://127.0.0.1:{port}", headers={"X-Address": address}, trust_env=False).text
        except httpx.TransportError:
            return None

    try:
        assert until(answer, 20) == counted_as
    finally:
        process.terminate()
        process.wait(20)


def test_an_upload_that_announces_too_much_is_refused_before_it_is_sent(
    balancer: Balancer, gateway: FileServer
) -> None:
    asked = len(gateway.asked)
    with socket.create_connection(("127.0.0.1", httpx.URL(balancer.url).port or 0), timeout=20) as connection:
        connection.sendall(f"POST /transcribe HTTP/1.1\r\nHost: x\r\nContent-Length: {2 * MIB}\r\n\r\n".encode())
        head = connection.recv(4096).decode()
    assert head.startswith("HTTP/1.1 413 ")
    assert '"code":"upload_too_large"' in head
    assert '"detail":"A file may have 0.5 MiB."' in head
    assert len(gateway.asked) == asked


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (("GET", "/a?" + "b" * 40_000, {}), 414, "uri_too_long"),
        (("GET", "/a", {"X-Long": "b" * 40_000}), 431, "headers_too_large"),
        (("TRACE", "/a", {}), 405, "method_not_allowed"),
        (("GET", "/a", {"Host": "a b"}), 400, "malformed_request"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_nginx_itself_refuses_is_a_problem_document(
    balancer: Balancer, asked: tuple[str, str, dict[str, str]], status: int, code: str
) -> None:
    method, path, headers = asked
    assert is_problem(httpx.request(method, f"{balancer.url}{path}", headers=headers, trust_env=False), status, code)


def test_a_gateways_own_refusals_pass_unchanged(tmp_path: Path) -> None:
    refusals = itertools.cycle([429, 413, 404, 503, 502])

    def refuse(_: Asked) -> File:
        return File([b"mine"], status=next(refusals), headers={"content-length": "4", "retry-after": "17"})

    with FileServer(refuse) as gateway, running_balancer(tmp_path, gateway.port) as balancer:
        answers = [httpx.get(f"{balancer.url}/status/a", trust_env=False) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 413, 404, 503, 502]
    assert {(answer.text, answer.headers["retry-after"]) for answer in answers} == {("mine", "17")}


def test_a_gateway_that_says_nothing_is_given_up_and_events_with_signs_of_life_are_not(tmp_path: Path) -> None:
    asleep = threading.Event()
    pause, beats = 0.4, 6

    def stream() -> Iterator[bytes]:
        for _ in range(beats):
            time.sleep(pause)  # together longer than the balancer waits for a silent gateway
            yield b": ping\n\n"

    def serve(asked: Asked) -> File:
        if asked.path.startswith("/events/"):
            return File(stream())
        if asked.path in CALLS:
            time.sleep(pause * beats)
            return File.of(b"a transcript")
        asleep.wait(30)
        return File.of(b"late")

    with (
        FileServer(serve) as gateway,
        running_balancer(tmp_path, gateway.port, NGINX_ANSWER_TIMEOUT_SECONDS="1") as balancer,
    ):
        assert httpx.get(f"{balancer.url}/events/a", trust_env=False, timeout=30).text == ": ping\n\n" * beats
        silent = httpx.get(f"{balancer.url}/status/a", trust_env=False, timeout=30)
        assert is_problem(silent, 504, "gateway_timeout", retry_after="5")
        asleep.set()
        with ThreadPoolExecutor(len(CALLS)) as pool:
            for called in pool.map(lambda path: httpx.get(f"{balancer.url}{path}", trust_env=False, timeout=30), CALLS):
                assert (called.status_code, called.text) == (200, "a transcript")


def test_a_call_that_lasts_longer_than_its_gateway_says_is_told_so_in_its_apis_shape(tmp_path: Path) -> None:
    asleep = threading.Event()

    def serve(_: Asked) -> File:
        asleep.wait(30)
        return File.of(b"late")

    with (
        FileServer(serve) as gateway,
        # As if the gateway had promised to answer long ago.
        running_balancer(tmp_path, gateway.port, SYNC_WAIT_SECONDS="-14") as balancer,
    ):
        answer = httpx.get(f"{balancer.url}/v1/audio/transcriptions", trust_env=False, timeout=30)
        asleep.set()
    assert (answer.status_code, answer.headers["content-type"]) == (504, "application/json")
    assert answer.headers["retry-after"] == "5"
    error = answer.json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("server_error", None, "gateway_timeout")


def test_what_nginx_refuses_of_another_apis_has_that_apis_shape(balancer: Balancer) -> None:
    body = bytes(2 * MIB)
    openai = httpx.post(f"{balancer.url}/v1/audio/transcriptions?x=1", content=body, trust_env=False)
    assert (openai.status_code, openai.headers["content-type"]) == (413, "application/json")
    assert openai.json() == {
        "error": {
            "message": "A file may have 0.5 MiB.",
            "type": "invalid_request_error",
            "param": None,
            "code": "upload_too_large",
        }
    }
    whisper_cpp = httpx.post(f"{balancer.url}/inference", content=body, trust_env=False)
    assert (whisper_cpp.status_code, whisper_cpp.json()) == (413, {"error": "A file may have 0.5 MiB."})
    assemblyai = httpx.post(f"{balancer.url}/v2/upload", content=body, trust_env=False)
    assert (assemblyai.status_code, assemblyai.headers["content-type"]) == (413, "application/json")
    assert assemblyai.json() == {"error": "A file may have 0.5 MiB.", "code": "upload_too_large"}
    for path in ("/asr?output=srt", "/detect-language"):
        whisper_asr = httpx.post(f"{balancer.url}{path}", content=body, trust_env=False)
        assert (whisper_asr.status_code, whisper_asr.headers["content-type"]) == (413, "application/json")
        assert whisper_asr.json() == {"detail": "A file may have 0.5 MiB."}


def test_without_a_gateway_it_says_so_and_when_to_come_back(tmp_path: Path) -> None:
    with running_balancer(tmp_path, NGINX_GATEWAYS="gateway.invalid:8000") as balancer:
        answer = httpx.get(f"{balancer.url}/health", trust_env=False)
        assert is_problem(answer, 502, "gateway_unavailable", retry_after="5")
