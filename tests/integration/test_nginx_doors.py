"""Who is let in where: TLS, names of hosts, and the pages that are not for the outside, on the real nginx."""

import json
import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from tests.harness.balancer import INSIDE, Balancer, running_balancer
from tests.harness.certificates import own_certificate
from tests.harness.file_server import Asked, File, FileServer
from tests.harness.servers import skip_unless_ci

HOST = "scriptorium.test"
HSTS = "max-age=31536000"
PAGES = ["/metrics", "/flower/", "/flower/api/workers", "/grafana/", "/grafana/d/service"]
PASSWORD = httpx.BasicAuth("ann", "correct-horse")
WRONG = httpx.BasicAuth("ann", "battery-staple")


def named(asked: Asked, name: str) -> File:
    """A page that says whose it is and what it was asked."""
    body = json.dumps({"server": name, "path": asked.path, "headers": dict(asked.headers)}).encode()
    return File([body], headers={"content-length": str(len(body)), "x-request-id": asked.headers["x-request-id"]})


@contextmanager
def site(folder: Path, **settings: str) -> Iterator[Balancer]:
    """A gateway, a Flower and a Grafana behind a balancer."""
    with (
        FileServer(lambda asked: named(asked, "gateway")) as gateway,
        FileServer(lambda asked: named(asked, "flower")) as flower,
        FileServer(lambda asked: named(asked, "grafana")) as grafana,
        running_balancer(
            folder,
            gateway.port,
            NGINX_FLOWER=f"127.0.0.1:{flower.port}",
            NGINX_GRAFANA=f"127.0.0.1:{grafana.port}",
            **settings,
        ) as balancer,
    ):
        yield balancer


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancer]:
    """Without a password file."""
    with site(tmp_path_factory.mktemp("closed")) as balancer:
        yield balancer


@pytest.fixture(scope="module")
def guarded() -> Iterator[Balancer]:
    """With TLS and a password file."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx' processes are another user's where it is started by root
        certificate, key = own_certificate(HOST)
        (folder / "certificate.pem").write_bytes(certificate)
        (folder / "key.pem").write_bytes(key)
        (folder / "passwords").write_text("ann:{PLAIN}correct-horse\n")
        with site(
            folder,
            NGINX_TLS_CERTIFICATE=str(folder / "certificate.pem"),
            NGINX_TLS_KEY=str(folder / "key.pem"),
            NGINX_PASSWORD_FILE=str(folder / "passwords"),
            NGINX_SERVER_NAMES=HOST,
        ) as balancer:
            yield balancer


def ask(
    url: str,
    *,
    folder: Path | None = None,
    host: str = HOST,
    address: str = "127.0.0.1",
    auth: httpx.Auth | None = None,
) -> httpx.Response:
    """GET as a client of an address that believes the certificate in a folder."""
    trusted = ssl.create_default_context(cafile=folder / "certificate.pem") if folder else ssl.create_default_context()
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address, verify=trusted)) as client:
        return client.get(url, headers={"Host": host}, extensions={"sni_hostname": host}, auth=auth)


@pytest.mark.parametrize("path", PAGES)
def test_without_a_password_file_pages_are_for_the_inside_only(closed: Balancer, path: str) -> None:
    outside = ask(f"{closed.url}{path}", auth=PASSWORD)
    assert (outside.status_code, outside.json()["code"]) == (404, "not_found")
    inside = ask(f"{closed.url}{path}", address=INSIDE)
    assert inside.status_code == 200
    owner = {"flower": "flower", "grafana": "grafana"}.get(path.split("/")[1], "gateway")
    assert (inside.json()["server"], inside.json()["path"]) == (owner, path)


@pytest.mark.parametrize("path", PAGES)
def test_behind_a_password_pages_are_for_whoever_has_it(guarded: Balancer, path: str) -> None:
    folder = guarded.log.parent
    url = f"{guarded.tls_url}{path}"
    for refused in (ask(url, folder=folder), ask(url, folder=folder, auth=WRONG)):
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "unauthenticated"
    assert ask(url, folder=folder, auth=PASSWORD).status_code == 200
    assert ask(url, folder=folder, address=INSIDE).status_code == 200


def test_the_password_is_told_to_flower_and_not_to_grafana(guarded: Balancer) -> None:
    heard = {
        page: ask(f"{guarded.tls_url}/{page}/", folder=guarded.log.parent, auth=PASSWORD).json()["headers"]
        for page in ("flower", "grafana")
    }
    assert "authorization" in heard["flower"]
    assert "authorization" not in heard["grafana"]


def test_a_page_that_is_away_keeps_nothing_else_away(tmp_path: Path) -> None:
    nowhere = {"NGINX_FLOWER": "flower.invalid:5555", "NGINX_RESOLVERS": "127.0.0.1:1"}
    with (
        FileServer(lambda asked: named(asked, "gateway")) as gateway,
        running_balancer(tmp_path, gateway.port, **nowhere) as balancer,
    ):
        assert ask(f"{balancer.url}/health").status_code == 200
        answer = ask(f"{balancer.url}/flower/", address=INSIDE)
        assert (answer.status_code, answer.json()["code"]) == (502, "gateway_unavailable")


def test_what_a_client_says_of_itself_is_overwritten(closed: Balancer) -> None:
    claimed = {
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "example.com",
        "X-Real-IP": "198.51.100.7",
        "Forwarded": "for=198.51.100.7",
        "X-Request-ID": "mine",
        "Connection": "upgrade",
        "Upgrade": "h2c",
    }
    heard = httpx.get(f"{closed.url}/jobs", headers=claimed, trust_env=False).json()["headers"]
    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "http"
    assert heard["x-request-id"] != "mine"
    assert not heard.keys() & {"x-forwarded-host", "x-real-ip", "forwarded", "upgrade", "connection"}


def test_a_grafana_that_wants_a_web_socket_gets_it(closed: Balancer) -> None:
    wanted = {"Connection": "Upgrade", "Upgrade": "websocket"}
    with httpx.Client(transport=httpx.HTTPTransport(local_address=INSIDE)) as client:
        heard = client.get(f"{closed.url}/grafana/api/live/ws", headers=wanted).json()["headers"]
    assert (heard["connection"], heard["upgrade"]) == ("upgrade", "websocket")


def test_tls_is_spoken_and_said_to_be_spoken_always(guarded: Balancer) -> None:
    folder = guarded.log.parent
    answer = ask(f"{guarded.tls_url}/health", folder=folder)
    assert answer.json()["headers"]["x-forwarded-proto"] == "https"
    for each in (
        answer,
        ask(f"{guarded.tls_url}/metrics", folder=folder),
    ):  # a gateway's answer, and one of nginx's own
        assert each.headers.get_list("strict-transport-security") == [HSTS]


def test_http_leads_to_https_with_method_path_and_query(guarded: Balancer) -> None:
    answer = httpx.post(f"{guarded.url}/transcribe?a=1%202", headers={"Host": HOST}, trust_env=False)
    assert answer.status_code == 308
    port = httpx.URL(guarded.tls_url).port
    assert answer.headers["location"] == f"https://{HOST}:{port}/transcribe?a=1%202"


@pytest.mark.parametrize(
    ("most", "agreed"),
    [
        (ssl.TLSVersion.TLSv1_1, None),
        (ssl.TLSVersion.TLSv1_2, ("TLSv1.2", "h2")),
        (ssl.TLSVersion.TLSv1_3, ("TLSv1.3", "h2")),
    ],
)
def test_only_tls_of_today_is_spoken(guarded: Balancer, most: ssl.TLSVersion, agreed: tuple[str, str] | None) -> None:
    context = ssl.create_default_context(cafile=guarded.log.parent / "certificate.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that who refuses is nginx
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, most
    context.set_alpn_protocols(["h2", "http/1.1"])
    address = httpx.URL(guarded.tls_url)
    with (
        socket.create_connection((address.host, address.port or 0), timeout=20) as connection,
        pytest.raises(ssl.SSLError, match="alert protocol version") if agreed is None else nullcontext(),
        context.wrap_socket(connection, server_hostname=HOST) as spoken,
    ):
        assert (spoken.version(), spoken.selected_alpn_protocol()) == agreed


def test_http_2_is_answered(guarded: Balancer) -> None:
    if (curl := shutil.which("curl")) is None:
        skip_unless_ci("curl")
    said = subprocess.run(
        [
            *(curl, "--silent", "--http2", "--cacert", str(guarded.log.parent / "certificate.pem")),
            *("--resolve", f"{HOST}:{httpx.URL(guarded.tls_url).port}:127.0.0.1"),
            *("--write-out", "%{http_version} %{http_code}", "--output", "/dev/null"),
            guarded.tls_url.replace("127.0.0.1", HOST) + "/jobs",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout == "2 200"


def test_a_host_that_is_not_served_is_misdirected(guarded: Balancer) -> None:
    answer = httpx.get(f"{guarded.url}/health", headers={"Host": "example.com"}, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected_request")
    assert "location" not in answer.headers


def test_every_host_is_served_unless_some_are_named(closed: Balancer) -> None:
    for host in ("example.com", "127.0.0.1", "a_b"):
        answer = httpx.get(f"{closed.url}/health", headers={"Host": host}, trust_env=False)
        assert (answer.status_code, answer.json()["headers"]["host"]) == (200, host)


def test_the_status_of_nginx_is_on_its_own_port_only(closed: Balancer) -> None:
    assert "Active connections" in httpx.get(closed.status_url, trust_env=False).text
    assert httpx.get(f"{closed.url}/nginx_status", trust_env=False).json()["server"] == "gateway"


def test_the_access_log_has_the_id_and_the_path_and_no_query(closed: Balancer) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.77")) as client:
        answers = [client.get(f"{closed.url}{path}?token=secret") for path in ("/status/a%3Fb", "/metrics")]
    for answer, path in zip(answers, ("/status/a%3Fb", "/metrics"), strict=True):
        line = closed.request(answer)
        assert (line["path"], line["method"], line["client"]) == (path, "GET", "127.0.0.77")
        assert line["status"] == answer.status_code
    assert "secret" not in closed.log.read_text()
