"""API keys on the real service: who comes in, with what, how keys are made and end, over HTTP and the command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema
import pytest

from tests.harness.process_tree import process_tree
from tests.harness.service import Service, environment, until
from tests.media import silence_wav

ADMIN_KEY = "a-key-of-the-operator-that-nobody-else-has"
TINY = silence_wav(1, rate=8000)
OPEN = {"/health", "/health/ready", "/metrics", "/status"}
OTHER_APIS = ("/v1/", "/v2/", "/asr", "/detect-language", "/inference")
"""They write errors in their own ways, under the same status."""
UNKNOWN = f"scr_{'0' * 16}_{'a' * 43}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for keys."""
    with Service(
        tmp_path_factory.mktemp("keys"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        WORKER_CONCURRENCY="1",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        LOG_LEVEL="DEBUG",
    ) as running:
        yield running


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def made(service: Service, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a key, as the operator."""
    wanted = {"name": "shop", "tenant": "acme"} | fields
    answer = service.client.post("/keys", json=wanted, headers=bearer(ADMIN_KEY))
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def operations(service: Service) -> Iterator[tuple[str, str]]:
    """Return method and path of every operation in the OpenAPI document, with ids that nobody has."""
    for path, methods in service.client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            yield method, path.replace("{job_id}", "0" * 32).replace("{key_id}", "0" * 16)


# Who comes in


def test_every_route_but_those_for_probes_wants_a_key(service: Service) -> None:
    tried = 0
    for method, path in operations(service):
        for headers in ({}, bearer(UNKNOWN), bearer("x"), {"X-API-Key": "x"}, {"Authorization": "Basic YW5uOng="}):
            answer = service.client.request(method, path, headers=headers)
            if path in OPEN:
                assert answer.status_code == 200
                continue
            if path.startswith(OTHER_APIS):
                assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json"), (method, path)
            else:
                assert refused(answer) == (401, "unauthenticated"), (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            tried += 1
    assert tried > 50


def test_the_document_says_which_routes_want_a_key(service: Service) -> None:
    document = service.client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["header"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
    }
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation.get("security", []) == ([] if path in OPEN else [{"bearer": []}, {"header": []}])


def test_a_job_from_its_post_to_its_transcript_with_either_header(service: Service) -> None:
    key = made(service)["key"]
    for headers in (bearer(key), {"X-API-Key": key}):
        answer = service.post(TINY, headers=headers | {"Cache-Control": "no-cache"})
        assert answer.status_code == 202
        job_id = answer.json()["job_id"]
        result = service.client.get(f"/result/{job_id}?wait=30", headers=headers)
        assert result.status_code == 200
        assert service.client.delete(f"/job/{job_id}", headers=headers).status_code == 200


def test_the_refusal_comes_before_the_body(service: Service) -> None:
    for route in ("/transcribe", "/keys"):
        head = (
            f"POST {route} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {UNKNOWN}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 10000000000\r\n\r\n"
        )
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
            connection.sendall(head.encode())
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert time.monotonic() - began < 10  # of a body of which nothing ever comes
    assert service.media_files() == []


def test_a_body_of_a_key_route_is_never_read_whole(service: Service) -> None:
    answer = service.client.post("/keys", content=b"[" * 10_000_000, headers=bearer(ADMIN_KEY))
    assert refused(answer) == (400, "malformed_body")


# Scopes


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["submit"], {"submit"}),
        (["read"], {"read"}),
        (["admin"], {"admin"}),
        (["read", "submit"], {"read", "submit"}),
    ],
)
def test_a_key_may_do_what_its_scopes_say_and_nothing_else(
    service: Service, scopes: list[str], allowed: set[str]
) -> None:
    headers = bearer(made(service, scopes=scopes)["key"])
    nobody = "0" * 32
    for scope, method, path in (
        ("submit", "POST", "/transcribe"),
        ("submit", "DELETE", f"/job/{nobody}"),
        ("read", "GET", f"/status/{nobody}"),
        ("read", "GET", f"/events/{nobody}"),
        ("read", "GET", f"/result/{nobody}"),
        ("read", "GET", "/jobs"),
        ("admin", "GET", "/stats"),
        ("admin", "GET", "/dead-letters"),
        ("admin", "GET", f"/dead-letters/{nobody}"),
        ("admin", "GET", "/keys"),
        ("admin", "POST", "/keys"),
        ("admin", "DELETE", f"/keys/{'0' * 16}"),
    ):
        answer = service.client.request(method, path, headers=headers)
        if scope in allowed:
            assert answer.status_code not in {401, 403}, (method, path)
        else:
            assert refused(answer) == (403, "scope_missing"), (method, path)


# Keys


def test_a_key_is_told_once_and_never_again(service: Service) -> None:
    document = made(
        service,
        name="Grüße",
        tenant="told",
        scopes=["read"],
        weight=2.5,
        submit_rate="5/minute",
        read_rate="50/second",
        expires_in_days=30,
    )
    key = document.pop("key")
    assert key.startswith(f"scr_{document['key_id']}_")
    assert (document["status"], document["weight"], document["scopes"]) == ("valid", 2.5, ["read"])
    assert document["expires_at"] > document["created_at"]
    shown = service.client.get(f"/keys/{document['key_id']}", headers=bearer(ADMIN_KEY)).json()
    assert shown == document
    listed = service.client.get("/keys", headers=bearer(ADMIN_KEY))
    assert document in listed.json()["keys"]
    secret = key.rpartition("_")[2]
    assert secret[:20] not in listed.text + json.dumps(shown)
    assert service.client.get("/keys?limit=1", headers=bearer(ADMIN_KEY)).json()["keys"] == [document]


def test_answers_are_what_the_document_says(service: Service) -> None:
    document = service.client.get("/openapi.json").json()
    key_id = made(service)["key_id"]
    for method, path, body in (
        ("post", "/keys", {"name": "shop", "tenant": "acme"}),
        ("get", "/keys", None),
        ("get", "/keys/{key_id}", None),
        ("put", "/keys/{key_id}/limits", {"weight": 2}),
        ("delete", "/keys/{key_id}", None),
        ("post", "/keys", {"name": ""}),
        ("delete", f"/keys/{'0' * 16}", None),
    ):
        answer = service.client.request(method, path.replace("{key_id}", key_id), json=body, headers=bearer(ADMIN_KEY))
        template = path.replace("0" * 16, "{key_id}")
        operation = document["paths"][template][method]
        content = operation["responses"][str(answer.status_code)]["content"][answer.headers["content-type"]]
        jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(
            answer.json()
        )
        if body and answer.is_success:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(body)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tenant": ""}, "tenant"),
        ({"tenant": "a b"}, "tenant"),
        ({"tenant": "x" * 129}, "tenant"),
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes.0"),
        ({"weight": 0}, "weight"),
        ({"weight": 101}, "weight"),
        ({"weight": 1e400}, "weight"),
        ({"submit_rate": "often"}, "submit_rate"),
        ({"submit_rate": "0/minute"}, "submit_rate"),
        ({"read_rate": "10/minute;20/hour"}, "read_rate"),
        ({"read_rate": "-1/minute"}, "read_rate"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 4000}, "expires_in_days"),
        ({"colour": "red"}, "colour"),
        ({"key": "scr_mine"}, "key"),
    ],
)
def test_what_a_key_can_not_be_is_named(service: Service, fields: dict[str, Any], named: str) -> None:
    body = json.dumps({"name": "shop", "tenant": "acme"} | fields)
    answer = service.client.post("/keys", content=body, headers=bearer(ADMIN_KEY))
    assert refused(answer) == (422, "invalid_options")
    assert [error["option"] for error in answer.json()["errors"]] == [named]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"name=shop"])
def test_a_body_that_is_no_json_is_said_so(service: Service, body: bytes) -> None:
    assert refused(service.client.post("/keys", content=body, headers=bearer(ADMIN_KEY))) == (400, "malformed_body")


def test_a_key_that_is_not_there_is_a_404(service: Service) -> None:
    path = f"/keys/{'0' * 16}"
    for method, place in (("GET", path), ("DELETE", path), ("PUT", f"{path}/limits"), ("GET", "/keys/%00")):
        answer = service.client.request(method, place, headers=bearer(ADMIN_KEY), json={})
        assert refused(answer) == (404, "unknown_key")


def test_a_revoked_key_is_refused_within_a_second(service: Service) -> None:
    document = made(service)
    headers = bearer(document["key"])
    assert service.client.get("/jobs", headers=headers).status_code == 200
    answer = service.client.delete(f"/keys/{document['key_id']}", headers=bearer(ADMIN_KEY)).json()
    revoked = time.monotonic()
    assert (answer["status"], answer["revoked_at"] is None) == ("revoked", False)
    until(lambda: True if service.client.get("/jobs", headers=headers).status_code == 401 else None, 5)
    assert time.monotonic() - revoked < 3
    assert refused(service.client.get("/jobs", headers=headers)) == (401, "unauthenticated")


def test_a_key_that_expires_is_refused_then(service: Service) -> None:
    document = made(service, expires_in_days=1.0 / 86_400)
    headers = bearer(document["key"])
    until(lambda: True if service.client.get("/jobs", headers=headers).status_code == 401 else None, 10)
    shown = service.client.get(f"/keys/{document['key_id']}", headers=bearer(ADMIN_KEY)).json()
    assert shown["status"] == "expired"
    # An operator may give it more time.
    limits = service.client.put(f"/keys/{document['key_id']}/limits", headers=bearer(ADMIN_KEY), json={"weight": 3})
    assert (limits.json()["status"], limits.json()["weight"], limits.json()["expires_at"]) == ("valid", 3.0, None)
    until(lambda: True if service.client.get("/jobs", headers=headers).status_code == 200 else None, 10)


def test_the_use_of_a_key_is_shown(service: Service) -> None:
    document = made(service)
    assert document["last_used_at"] is None
    service.client.get("/jobs", headers=bearer(document["key"]))

    def used() -> str | None:
        shown = service.client.get(f"/keys/{document['key_id']}", headers=bearer(ADMIN_KEY)).json()
        last: str | None = shown["last_used_at"]
        return last

    assert until(used, 10) >= document["created_at"]


def test_the_weight_of_a_key_is_its_tenants_share_of_the_lane(service: Service) -> None:
    headers = bearer(made(service, tenant="heavy", weight=7.0)["key"])
    job_id = service.post(silence_wav(2, rate=8000), headers=headers).json()["job_id"]
    with service.redis() as client:
        assert client.hget(f"scriptorium:work:{job_id}", "weight") == "7.0"


def test_no_key_is_stored_logged_or_answered(service: Service) -> None:
    key = made(service)["key"]
    headers = bearer(key)
    service.client.get("/jobs", headers=headers)
    service.client.get(f"/status/{'0' * 32}", headers=headers)
    service.client.get(f"/jobs?limit={key}", headers=headers)
    service.client.get("/jobs", headers=bearer(key[:-1] + "!"))
    service.client.post("/keys", content=json.dumps({"name": 7, "key": key}), headers=bearer(ADMIN_KEY))
    secrets = [key[-43:], ADMIN_KEY]
    logs = "\n".join(path.read_text(errors="replace") for path in (service.data_dir / "logs").iterdir())
    assert "api_key_made" in logs
    with service.redis() as client:
        held = "\n".join(
            str(client.hgetall(name)) if client.type(name) == "hash" else str(name) for name in client.scan_iter("*")
        )
    assert "sha256" in held
    for secret in secrets:
        assert secret not in logs
        assert secret not in "\n".join(service.lines)
        assert secret not in held


def test_without_redis_nobody_is_let_in(service: Service) -> None:
    key = made(service)["key"]
    assert service.client.get("/jobs", headers=bearer(key)).status_code == 200
    (pid,) = [pid for pid, command in process_tree(service.process_id).items() if "valkey-server" in command]
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(1.1)  # what was known of the keys is too old by then
        with ThreadPoolExecutor() as pool:
            answers = pool.map(lambda token: service.client.get("/jobs", headers=bearer(token)), (key, UNKNOWN))
        for answer in answers:
            assert refused(answer) == (503, "store_unavailable")
            assert int(answer.headers["retry-after"]) > 0
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: True if service.client.get("/jobs", headers=bearer(key)).status_code == 200 else None, 30)


# The command line


def run(
    service: Service, *arguments: str, key: str | None = ADMIN_KEY, command: str = "keys"
) -> subprocess.CompletedProcess[str]:
    variables = {"SCRIPTORIUM_SERVER": f"http://127.0.0.1:{service.port}"}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", command, *arguments],
        cwd=service.data_dir,
        env=environment(**variables | ({"SCRIPTORIUM_API_KEY": key} if key else {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_from_a_key_to_its_end_at_the_command_line(service: Service) -> None:
    ended = run(
        service,
        *("create", "--name", "night batch", "--tenant", "night", "--scope", "submit", "--scope", "read"),
        *("--weight", "0.5", "--expires-in-days", "90", "--rate-submit", "100/minute", "--rate-read", "1000/minute"),
    )
    assert ended.returncode == 0, ended.stderr
    key = ended.stdout.strip()
    assert key.startswith("scr_")
    key_id = key.split("_")[1]
    assert key_id in ended.stderr
    assert key not in ended.stderr
    assert service.client.get("/jobs", headers=bearer(key)).status_code == 200

    listed = [line.split("\t") for line in run(service, "list", "--limit", "200").stdout.splitlines()]
    (line,) = [line for line in listed if line[0] == key_id]
    assert (line[1], line[2], line[3], line[-1]) == ("night", "read submit", "valid", "night batch")
    facts = dict(line.split("\t") for line in run(service, "show", key_id).stdout.splitlines())
    assert (facts["weight"], facts["submit rate"], facts["read rate"]) == ("0.5", "100/minute", "1000/minute")
    document = json.loads(run(service, "show", key, "--json").stdout)  # the whole key names its id as well
    assert document["key_id"] == key_id

    assert run(service, "revoke", key_id).stdout == f"revoked {key_id}\n"
    until(lambda: True if service.client.get("/jobs", headers=bearer(key)).status_code == 401 else None, 5)
    assert "revoked" in run(service, "show", key_id).stdout


def test_commands_say_what_is_missing(service: Service) -> None:
    for command in ("keys", "dead", "dead-letters"):
        ended = run(service, "list", key=None, command=command)
        assert (ended.returncode, ended.stdout) == (4, "")
        assert "SCRIPTORIUM_API_KEY" in ended.stderr
        assert run(service, "list", command=command).returncode == 0
    reader = made(service, scopes=["read"])["key"]
    ended = run(service, "list", key=reader)
    assert ended.returncode == 4
    assert "'admin'" in ended.stderr
    assert run(service, "show", "0" * 16).returncode == 4
    for wrong in (["show", "../jobs"], ["show", ""], ["create"], ["create", "--name", "x"]):
        assert run(service, *wrong).returncode == 2
    refusal = run(service, "create", "--name", "x", "--tenant", "y", "--rate-read", "often")
    assert refusal.returncode == 4
    assert "read_rate" in refusal.stderr


# The start


def up(folder: Any, **settings: str) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - a path
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "up"],
        cwd=folder,
        env=environment(DATA_DIR=str(folder), **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AUTH_MODE": "api_key", "ADMIN_KEY": "short"}, "ADMIN_KEY"),
        ({"AUTH_MODE": "jwt"}, "JWT_JWKS_URL, JWT_ISSUER, JWT_AUDIENCE"),
        ({"AUTH_MODE": "jwt", "JWT_JWKS_URL": "x", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"}, "JWT_JWKS_URL"),
        ({"AUTH_MODE": "password"}, "AUTH_MODE"),
    ],
)
def test_a_door_that_can_not_be_shut_ends_the_start(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str], said: str
) -> None:
    ended = up(tmp_path_factory.mktemp("wrong"), **settings)
    assert ended.returncode == 78
    assert said in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_service_that_nobody_can_enter_says_what_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("locked")
    with Service(folder, TRANSCRIBER="scripted", AUTH_MODE="api_key") as running:
        assert "ADMIN_KEY" in running.wait_for_line("no_way_in")
        assert "$SCRIPTORIUM_API_KEY" in running.wait_for_line("curl -H")
        assert running.client.get("/jobs").status_code == 401


def test_an_open_service_says_so_and_makes_no_keys(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("open")
    with Service(folder, TRANSCRIBER="scripted", HOST="0.0.0.0") as running:  # noqa: S104 - that is the matter
        line = running.wait_for_line("OPEN: anybody")
        assert "AUTH_MODE=api_key" in line
        assert "ADMIN_KEY" in line
        assert "AUTH_MODE" in running.wait_for_line("gateway_is_open")
        assert running.client.get("/jobs").status_code == 200
        for method, path in (("GET", "/keys"), ("POST", "/keys"), ("DELETE", f"/keys/{'0' * 16}")):
            answer = running.client.request(method, path, json={"name": "later", "tenant": "x", "scopes": ["admin"]})
            assert refused(answer) == (409, "keys_not_in_use")
        assert "security" not in running.client.get("/openapi.json").text
