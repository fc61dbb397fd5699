"""Tenants on the real service: somebody else's job is none, in every route that takes a job; nothing is shared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.harness.identity_provider import AUDIENCE, ISSUER, IdentityProvider, SigningKey, identity_provider
from tests.harness.service import FINISHED, Service, until
from tests.media import silence_wav

ADMIN_KEY = "a-key-of-the-operator-that-nobody-else-has"
NOBODYS = "f" * 32


@dataclass(frozen=True)
class Tenant:
    """Somebody with a key."""

    service: Service
    headers: dict[str, str]

    def post(self, seconds: float = 1, **headers: str) -> dict[str, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.service.post(silence_wav(seconds, rate=8000), headers=self.headers | named)
        assert answer.status_code == 202, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def get(self, path: str) -> httpx.Response:
        return self.service.client.get(path, headers=self.headers)

    def request(self, method: str, path: str, body: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        return self.service.client.request(method, path, headers=self.headers | headers, json=body)

    def finish(self, job_id: str) -> str:
        def look() -> str | None:
            status: str = self.get(f"/status/{job_id}").json()["status"]
            return status if status in FINISHED else None

        return until(look, 60, self.service.output)

    def jobs(self, **query: str) -> list[str]:
        answer = self.service.client.get("/jobs", headers=self.headers, params=query)
        return [job["job_id"] for job in answer.json()["jobs"]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("tenants"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.05",
        WORKER_CONCURRENCY="2",
        MAX_ATTEMPTS="1",
        CLEAN_UP_SECONDS="1",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
    ) as running:
        yield running


def tenant(service: Service, name: str, *scopes: str) -> Tenant:
    answer = service.client.post(
        "/keys",
        json={"name": name, "tenant": name, "scopes": scopes or ["submit", "read"]},
        headers={"X-API-Key": ADMIN_KEY},
    )
    assert answer.status_code == 201, answer.text
    return Tenant(service, {"Authorization": f"Bearer {answer.json()['key']}"})


@pytest.fixture
def ann(service: Service) -> Tenant:
    return tenant(service, "ann")


@pytest.fixture
def bob(service: Service) -> Tenant:
    return tenant(service, "bob")


def test_a_foreign_job_is_answered_in_every_route_as_one_that_never_was(
    service: Service, ann: Tenant, bob: Tenant
) -> None:
    finished, waiting = (ann.post(seconds)["job_id"] for seconds in (2, 400))
    ann.finish(finished)
    paths = service.client.get("/openapi.json").json()["paths"]
    routes = [
        (method, path, {"text": "Nobody has said so."} if "requestBody" in operation else None)
        for path, operations in paths.items()
        if "{job_id}" in path
        for method, operation in operations.items()
    ]
    assert len(routes) >= 7
    for method, path, body in routes:
        unknown = bob.request(method, path.format(job_id=NOBODYS), body)
        expected = 403 if path.startswith("/dead-letters") else 404
        assert unknown.status_code == expected, (method, path)
        for job_id in (finished, waiting):
            foreign = bob.request(method, path.format(job_id=job_id), body)
            assert foreign.status_code == expected, (method, path)
            assert foreign.text.replace(job_id, NOBODYS) == unknown.text, (method, path)
            assert headers_of(foreign) == headers_of(unknown), (method, path)
    for query in ("?wait=1", "?format=text", "?format=verbose_json&wait=1"):
        assert bob.get(f"/result/{finished}{query}").status_code == 404
    assert bob.get(f"/status/{waiting}?wait=1").status_code == 404
    # Whatever he tried has changed nothing.
    assert ann.get(f"/result/{finished}").status_code == 200
    assert ann.get(f"/status/{waiting}").json()["cancel_requested"] is False
    assert ann.request("DELETE", f"/job/{waiting}").status_code in {200, 202}


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}


def test_a_last_event_id_opens_no_foreign_stream(ann: Tenant, bob: Tenant) -> None:
    job_id = ann.post(3)["job_id"]
    ann.finish(job_id)
    for seen in ("0-0", "9999999999999-0", "nonsense"):
        assert bob.request("GET", f"/events/{job_id}", None, **{"Last-Event-ID": seen}).status_code == 404


def test_lists_show_ones_own_jobs_only_and_cursors_no_others(ann: Tenant, bob: Tenant) -> None:
    anns, bobs = [], []
    for _ in range(3):
        anns.append(ann.post(1, Cache_Control="no-cache")["job_id"])
        bobs.append(bob.post(1, Cache_Control="no-cache")["job_id"])
    for job_id in anns:
        ann.finish(job_id)
    listed = ann.jobs(limit="200")
    assert set(anns) <= set(listed)
    assert not set(bobs) & set(listed)
    assert set(bobs) <= set(bob.jobs(limit="200"))
    # Page by page, neither jobs nor cursors name anything of the other's.
    seen, cursor = [], None
    while True:
        page = ann.get(f"/jobs?limit=1{f'&cursor={cursor}' if cursor else ''}")
        assert not [job_id for job_id in bobs if job_id in page.text]
        seen += [job["job_id"] for job in page.json()["jobs"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == listed
    # And a cursor made of the other's job leads to nothing of his.
    assert not set(bobs) & set(ann.jobs(cursor=f"9999999999999-{bobs[0]}"))


def test_an_upload_serves_its_own_tenants_jobs_only_and_goes_with_him(
    service: Service, ann: Tenant, bob: Tenant
) -> None:
    audio = silence_wav(9, rate=8000)
    carla = tenant(service, "carla")
    # As AssemblyAI's clients send it: the key alone.
    bare = {"Authorization": carla.headers["Authorization"].removeprefix("Bearer ")}
    upload_url = service.client.post("/v2/upload", content=audio, headers=bare).json()["upload_url"]
    upload_id = upload_url.rpartition("/")[2]
    for stranger in (ann, bob):
        answer = service.client.post("/v2/transcript", json={"audio_url": upload_url}, headers=stranger.headers)
        unknown = service.client.post(
            "/v2/transcript", json={"audio_url": upload_url.replace(upload_id, NOBODYS)}, headers=stranger.headers
        )
        assert (answer.status_code, answer.text) == (400, unknown.text)
    made = service.client.post("/v2/transcript", json={"audio_url": upload_url}, headers=bare)
    assert made.status_code == 200
    job_id = made.json()["id"]
    assert carla.finish(job_id) == "completed"
    assert job_id not in service.client.get("/v2/transcript?limit=200", headers=ann.headers).text
    for neighbour in ("before_id", "after_id"):
        answer = service.client.get(f"/v2/transcript?{neighbour}={job_id}", headers=bob.headers)
        assert answer.status_code == 404
    assert upload_id in service.media_files()
    unused = service.client.post("/v2/upload", content=audio, headers=bare).json()["upload_url"].rpartition("/")[2]
    assert service.client.delete("/tenants/carla", headers={"X-API-Key": ADMIN_KEY}).status_code == 200
    assert not {upload_id, unused, job_id} & set(service.media_files())
    with service.redis() as client:
        assert client.keys("scriptorium:upload:*") == []
        assert client.keys("scriptorium:tenant:carla:*") == []


def test_a_tenants_keys_see_each_others_jobs(service: Service, ann: Tenant) -> None:
    job_id = ann.post(4)["job_id"]
    assert tenant(service, "ann").get(f"/status/{job_id}").status_code == 200


def test_the_same_file_of_two_tenants_is_two_works(service: Service, ann: Tenant, bob: Tenant) -> None:
    first = ann.post(5)
    ann.finish(first["job_id"])
    assert ann.post(5)["cached"] is True
    other = bob.post(5)
    assert (other["cached"], other["status"]) == (False, "queued")
    with service.redis() as client:
        assert client.hget(f"scriptorium:job:{other['job_id']}", "work_id") == other["job_id"]
    running = ann.post(60)
    assert "shares" in ann.post(60)["message"]
    assert "shares" not in bob.post(60)["message"]
    ann.request("DELETE", f"/job/{running['job_id']}")


def test_the_same_idempotency_key_of_two_tenants_is_two_jobs(ann: Tenant, bob: Tenant) -> None:
    first = ann.post(6, Idempotency_Key="order-1")["job_id"]
    second = bob.post(6, Idempotency_Key="order-1")["job_id"]
    assert first != second
    assert ann.post(6, Idempotency_Key="order-1")["job_id"] == first
    assert bob.post(6, Idempotency_Key="order-1")["job_id"] == second
    # Nor does a conflict tell of the other's job.
    answer = bob.service.post(silence_wav(7, rate=8000), headers=bob.headers | {"Idempotency-Key": "order-1"})
    assert answer.status_code == 422
    assert first not in answer.text


def test_dead_letters_and_statistics_are_the_operators(service: Service, ann: Tenant) -> None:
    answer = service.post(
        silence_wav(8, rate=8000), headers=ann.headers | {"Cache-Control": "no-cache"}, initial_prompt="scripted:error"
    )
    job_id = answer.json()["job_id"]
    assert ann.finish(job_id) == "failed"
    for path in ("/stats", "/dead-letters", f"/dead-letters/{job_id}"):
        assert ann.get(path).status_code == 403
        assert service.client.get(path, headers={"X-API-Key": ADMIN_KEY}).status_code == 200
    operator = tenant(service, "operators", "admin")
    assert operator.request("DELETE", f"/dead-letters/{job_id}").status_code == 200
    assert ann.get(f"/status/{job_id}").status_code == 404


# With tokens of an identity provider


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as running:
        yield running


@pytest.fixture(scope="module")
def with_tokens(provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("tokens"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        AUTH_MODE="jwt",
        JWT_JWKS_URL=provider.url,
        JWT_ISSUER=ISSUER,
        JWT_AUDIENCE=AUDIENCE,
        NO_PROXY="127.0.0.1",
    ) as running:
        yield running


def test_tokens_open_to_their_tenants(with_tokens: Service, provider: IdentityProvider) -> None:
    def bearer(**claims: str) -> Tenant:
        return Tenant(with_tokens, {"Authorization": f"Bearer {provider.token(**claims)}"})  # type: ignore[arg-type]

    ann, bob = bearer(sub="ann", tenant="acme"), bearer(sub="bob", tenant="umbrella")
    guest = bearer(sub="guest", tenant="acme", scope="read")
    job_id = ann.post()["job_id"]
    assert ann.finish(job_id) == "completed"
    assert guest.get(f"/result/{job_id}").status_code == 200
    assert guest.request("DELETE", f"/job/{job_id}").json()["code"] == "scope_missing"
    assert bob.get(f"/result/{job_id}").json()["code"] == "job_not_found"
    assert ann.get("/stats").json()["code"] == "scope_missing"
    operator = bearer(scope="admin")
    assert operator.get("/stats").status_code == 200
    assert operator.get("/keys").json()["code"] == "keys_not_in_use"


def test_no_token_is_logged(with_tokens: Service, provider: IdentityProvider) -> None:
    good, bad = provider.token(), provider.token(SigningKey.make("strange"))
    for token in (good, bad):
        with_tokens.client.get("/jobs", headers={"Authorization": f"Bearer {token}"})
        with_tokens.client.get(f"/status/{NOBODYS}", headers={"Authorization": f"Bearer {token}"})
    logs = "\n".join(path.read_text(errors="replace") for path in (with_tokens.data_dir / "logs").iterdir())
    assert "/jobs" in logs
    for token in (good, bad):
        for part in token.split(".")[1:]:
            assert part not in logs


def test_a_forged_token_opens_nothing(with_tokens: Service, provider: IdentityProvider) -> None:
    for token in ("x.y.z", provider.token(SigningKey.make("first")), provider.token(aud="mail")):
        answer = with_tokens.client.get("/jobs", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert with_tokens.client.get("/jobs").status_code == 401
    schemes = with_tokens.client.get("/openapi.json").json()["components"]["securitySchemes"]
    assert schemes["bearer"]["bearerFormat"] == "JWT"
