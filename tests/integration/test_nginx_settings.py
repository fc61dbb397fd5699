"""What nginx is set up by: rendered with nothing set and with everything, by either renderer, and documented."""

import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.harness.balancer import SCRIPTS
from tests.harness.certificates import own_certificate
from tests.harness.servers import skip_unless_ci
from tests.harness.service import REPOSITORY

SETTINGS = (SCRIPTS / "settings.envsh").read_text(encoding="utf-8")
DEFAULTS = dict(re.findall(r'^: "\$\{([A-Z_]+):=(.*)\}"$', SETTINGS, re.MULTILINE))
EXPLAINED = re.findall(r'^# (.*)\n: "\$\{(NGINX_[A-Z_]+):=', SETTINGS, re.MULTILINE)
PAGE = (REPOSITORY / "docs" / "operations" / "nginx.md").read_text(encoding="utf-8")


def everything(folder: Path) -> dict[str, str]:
    """Return another value than the default for every variable."""
    certificate, key = own_certificate("scriptorium.test")
    (folder / "certificate.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    (folder / "passwords").write_text("ann:{PLAIN}correct-horse\n")
    return {
        "NGINX_DIR": f"{folder}/rendered",
        "NGINX_GATEWAYS": "127.0.0.1:8001 [::1]:8002",
        "NGINX_FOLLOW_SECONDS": "5",
        "NGINX_HTTP_LISTEN": "127.0.0.1:18080 [::1]:18080",
        "NGINX_HTTPS_LISTEN": "127.0.0.1:18443 [::1]:18443",
        "NGINX_HTTPS_PORT": "18443",
        "NGINX_STATUS_LISTEN": "127.0.0.1:18081",
        "NGINX_SERVER_NAMES": "scriptorium.test *.example.com",
        "NGINX_TLS_CERTIFICATE": f"{folder}/certificate.pem",
        "NGINX_TLS_KEY": f"{folder}/key.pem",
        "NGINX_REQUESTS_PER_SECOND": "7",
        "NGINX_BURST": "8",
        "NGINX_REQUESTS_PER_CLIENT": "9",
        "NGINX_INSIDE_NETWORKS": "10.7.0.0/16 fd00::/8",
        "NGINX_PASSWORD_FILE": f"{folder}/passwords",
        "NGINX_FLOWER": "127.0.0.1:15555",
        "NGINX_GRAFANA": "127.0.0.1:13000",
        "NGINX_RESOLVERS": "127.0.0.53 [::1]:5353",
        "NGINX_ANSWER_TIMEOUT_SECONDS": "99",
        "NGINX_WORKERS": "3",
        "MAX_FILE_SIZE_MB": "2.5",
        "UPLOAD_GRACE_SECONDS": "33.5",
        "UPLOAD_TIMEOUT_SECONDS": "77",
        "SYNC_WAIT_SECONDS": "500.5",
    }


def environment(settings: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in DEFAULTS} | settings


def rendered(folder: Path, settings: dict[str, str]) -> str:
    """Render, have nginx check it, and return all of it."""
    if shutil.which("nginx") is None:
        skip_unless_ci("nginx")
    subprocess.run([SCRIPTS / "render.sh"], env=environment(settings), check=True)
    (folder / "gateways.list").write_text("server 127.0.0.1:1 down;\n")
    subprocess.run(["nginx", "-t", "-e", "stderr", "-c", folder / "nginx.conf"], check=True)  # noqa: S607 - found above
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.conf")))


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    text = rendered(tmp_path, {"NGINX_DIR": str(tmp_path)})
    assert "${" not in text
    assert "ssl_certificate" in text
    assert "include site-plain.conf" in text
    assert f"client_max_body_size {101 * 1024 * 1024};" in text
    assert "client_body_timeout 30s;" in text
    assert "proxy_read_timeout 75s;" in text
    assert "proxy_read_timeout 3615s;" in text
    assert "worker_shutdown_timeout 5416s;" in text
    assert "allow 127.0.0.1; allow ::1;" in text
    assert "auth_basic off;" in text


def test_everything_can_be_set(tmp_path: Path) -> None:
    settings = everything(tmp_path)
    assert settings.keys() == DEFAULTS.keys()
    assert [name for name, value in settings.items() if value == DEFAULTS[name]] == []
    text = rendered(tmp_path / "rendered", settings)
    for directive in (
        "include site-tls.conf",
        "listen 127.0.0.1:18080; listen [::1]:18080;",
        "listen 127.0.0.1:18443 ssl http2; listen [::1]:18443 ssl http2;",
        "listen 127.0.0.1:18081;",
        "server_name scriptorium.test *.example.com;",
        "https://$host:18443$request_uri",
        f"ssl_certificate {tmp_path}/certificate.pem;",
        f"ssl_certificate_key {tmp_path}/key.pem;",
        "rate=7r/s",
        "burst=8 nodelay",
        "limit_conn under_way 9;",
        "allow 10.7.0.0/16; allow fd00::/8;",
        "auth_basic Scriptorium;",
        f"auth_basic_user_file {tmp_path}/passwords;",
        "127.0.0.1:15555",
        "127.0.0.1:13000",
        "resolver 127.0.0.53 [::1]:5353 ",
        "proxy_read_timeout 99s;",
        "worker_processes 3;",
        f"client_max_body_size {int(3.5 * 1024 * 1024)};",
        "client_body_timeout 43s;",
        "proxy_read_timeout 515s;",
        "worker_shutdown_timeout 593s;",
    ):
        assert directive in text


@pytest.mark.parametrize("alone", ["NGINX_TLS_CERTIFICATE", "NGINX_TLS_KEY"])
def test_a_certificate_and_its_key_go_together(tmp_path: Path, alone: str) -> None:
    refused = subprocess.run(
        [SCRIPTS / "render.sh"],
        env=environment({"NGINX_DIR": str(tmp_path), alone: "/some.pem"}),
        check=False,
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 78
    assert "NGINX_TLS_CERTIFICATE and NGINX_TLS_KEY" in refused.stderr


@pytest.mark.parametrize(
    ("version", "can"),
    [
        ("nginx/1.22.1", False),
        ("nginx/1.27.3", False),
        ("nginx/1.27.4", True),
        ("nginx/1.28.0 (Ubuntu)", True),
        ("nginx/2.0.0", True),
        ("openresty/1.27.1.2", False),
    ],
)
def test_connections_outlive_a_reload_where_nginx_can(tmp_path: Path, version: str, can: bool) -> None:
    named = tmp_path / "bin" / "nginx"
    named.parent.mkdir()
    named.write_text(f"#!/bin/sh\necho 'nginx version: {version}' >&2\n")
    named.chmod(0o755)
    path = f"{named.parent}:{os.environ['PATH']}"
    subprocess.run([SCRIPTS / "render.sh"], env=environment({"NGINX_DIR": str(tmp_path), "PATH": path}), check=True)
    limits = (tmp_path / "snippets" / "limits.conf").read_text()
    assert ("\nkeepalive_min_timeout 5s;\n" in limits) == can
    assert ("keepalive_min" in limits) == can


def test_the_entrypoint_of_nginx_own_image_renders_the_same(tmp_path: Path) -> None:
    if shutil.which("envsubst") is None:
        skip_unless_ci("envsubst (gettext-base)")
    settings = everything(tmp_path)
    ours = tmp_path / "rendered"
    rendered(ours, settings)
    # What the image's entrypoint does: it sources *.envsh, then replaces what is defined in each template.
    sourced = subprocess.run(
        ["sh", "-euc", f'. "{SCRIPTS}/settings.envsh"; env -0'],  # noqa: S607 - any
        env=environment(settings),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    defined = dict(line.split("=", 1) for line in sourced.split("\0") if line)
    templates = list((SCRIPTS / "templates").rglob("*.template"))
    assert templates
    for template in templates:
        theirs = subprocess.run(
            ["envsubst", " ".join(f"${{{name}}}" for name in defined)],  # noqa: S607 - found above
            env=defined,
            input=template.read_text(),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert (ours / template.relative_to(SCRIPTS / "templates").with_suffix("")).read_text() == theirs


def test_the_example_documents_every_variable_with_its_default() -> None:
    lines = (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = {}
    for above, line in pairwise(lines):
        if match := re.fullmatch(r"(?:# )?(NGINX_[A-Z_]+)=(.*)", line):
            shown[match[1]] = (match[2].strip("'"), above.removeprefix("# "))
    assert shown == {name: (DEFAULTS[name], text) for text, name in EXPLAINED}


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_the_page_tells_of_every_variable(name: str) -> None:
    assert f"`{name}`" in PAGE
