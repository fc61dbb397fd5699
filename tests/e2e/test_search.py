"""`GET /search` through the real service: what was transcribed is found, by whom it belongs to, while it is kept."""

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.harness.service import FINISHED, Service, until
from tests.harness.traces import traces
from tests.media import silence_wav

ADMIN_KEY = "a-key-of-the-operator-that-nobody-else-has"
HEARD = "Segment 1 from 0.0 to 1.3 seconds."
"""What the scripted transcriber hears in that long a recording."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("search"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        GATEWAYS="2",
    ) as running:
        yield running


class Client:
    """Somebody with a key of a tenant of his own."""

    def __init__(self, service: Service, tenant: str, *scopes: str) -> None:
        answer = service.client.post(
            "/keys",
            json={"name": tenant, "tenant": tenant, "scopes": scopes or ["submit", "read"]},
            headers={"X-API-Key": ADMIN_KEY},
        )
        self._service = service
        self._headers = {"X-API-Key": answer.json()["key"], "Cache-Control": "no-cache"}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes them
        return self._service.client.request(method, path, headers=self._headers, **options)

    def completed(self) -> str:
        answer = self._service.post(silence_wav(1.3, rate=8000), name="talk.wav", headers=self._headers)
        job_id: str = answer.json()["job_id"]
        until(lambda: self.request("GET", f"/status/{job_id}").json()["status"] in FINISHED or None, 60)
        return job_id

    def search(self, **query: str) -> httpx.Response:
        return self.request("GET", "/search", params=query)

    def hits(self, **query: str) -> list[dict[str, Any]]:
        answer = self.search(**query)
        assert answer.status_code == 200, answer.text
        hits: list[dict[str, Any]] = answer.json()["hits"]
        return hits

    def awaited(self, q: str, *job_ids: str) -> list[dict[str, Any]]:
        """Wait until just these jobs are found, in this order, and return the hits."""

        def look() -> list[dict[str, Any]] | None:
            hits = self.hits(q=q)
            return hits if [hit["job_id"] for hit in hits] == list(job_ids) else None

        return until(look, 30, self._service.output)


def test_what_was_transcribed_is_found_with_its_place_and_its_marks(service: Service) -> None:
    ann = Client(service, "ann")
    first, second = ann.completed(), ann.completed()
    hit = ann.awaited('"from 0.0 to" -nothing secon*', second, first)[1]
    assert hit.pop("created_at")
    assert hit.pop("marks") == [[10, 21], [26, 33]]
    assert hit == {
        "job_id": first,
        "file_name": "talk.wav",
        "segment_id": 1,
        "start": 0.0,
        "end": 1.3,
        "text": HEARD,
    }
    assert ann.hits(q="segment -seconds") == []
    page = ann.search(q="segment", limit="1").json()
    assert [hit["job_id"] for hit in page["hits"]] == [second]
    page = ann.search(q="segment", limit="1", cursor=page["next_cursor"]).json()
    assert ([hit["job_id"] for hit in page["hits"]], page["next_cursor"]) == ([first], None)


def test_a_correction_is_found_and_an_erased_job_is_not(service: Service) -> None:
    carl = Client(service, "carl")
    job_id = carl.completed()
    carl.awaited("segment", job_id)
    carl.request("POST", f"/result/{job_id}/corrections", json={"text": "An unheard-of word."}).raise_for_status()
    assert carl.hits(q="segment") == []
    carl.awaited('"unheard of"', job_id)
    carl.request("DELETE", f"/job/{job_id}").raise_for_status()
    assert carl.hits(q='"unheard of"') == []
    folder = service.data_dir / "search"
    until(lambda: None if traces(service.redis(), ["unheard", job_id], folder, prefix="-") else True, 30)


def test_nobody_finds_what_is_anothers(service: Service) -> None:
    ann, bob = Client(service, "dora"), Client(service, "emil")
    job_id = ann.completed()
    ann.awaited("segment", job_id)
    cursor = str(2**61)
    assert bob.search(q="segment").json() == bob.search(q="segment", cursor=cursor).json()
    assert bob.hits(q="segment") == []
    assert Client(service, "dora", "submit").search(q="segment").json()["code"] == "scope_missing"
    assert service.client.get("/search", params={"q": "segment"}).status_code == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"q": '"unbalanced AND ( OR NEAR/3 col:x ^y {z} * -'}, 200),
        ({"q": "'; DROP TABLE search_jobs; --"}, 200),
        ({"q": "\x00 a \\ \ud7ff"}, 200),
        ({"q": "segment", "cursor": "9" * 19}, 200),
        ({"q": "-segment"}, 422),
        ({"q": "***"}, 422),
        ({"q": ""}, 422),
        ({}, 422),
        ({"q": "a" * 201}, 422),
        ({"q": "segment", "limit": "0"}, 422),
        ({"q": "segment", "cursor": "next"}, 422),
    ],
)
def test_whatever_is_typed_is_answered(service: Service, query: Mapping[str, str], status: int) -> None:
    answer = Client(service, "fred").search(**query)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["code"] == "invalid_options"


def test_who_found_what_is_in_the_audit_log_and_what_was_looked_for_in_none(service: Service) -> None:
    gina = Client(service, "gina")
    job_id = gina.completed()
    gina.awaited("segment", job_id)
    gina.hits(q="segment -confidentialquestion")
    entries = service.client.get("/audit?limit=50", headers={"X-API-Key": ADMIN_KEY}).json()["entries"]
    assert ("transcript.found", "gina", job_id) in {
        (entry["action"], entry["tenant"], entry["object_id"]) for entry in entries
    }
    assert traces(service.redis(), ["confidentialquestion"], service.data_dir / "logs") == []


def test_an_index_that_is_removed_is_made_anew_by_itself(service: Service) -> None:
    hugo = Client(service, "hugo")
    job_id = hugo.completed()
    hugo.awaited("segment", job_id)
    shutil.rmtree(service.data_dir / "search")
    hugo.awaited("segment", job_id)


def test_there_is_an_index_in_postgresql_or_none_at_all(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"TRANSCRIBER": "scripted", "SCRIPTED_RTF": "0.01"}
    with Service(tmp_path_factory.mktemp("postgres"), SEARCH_DATABASE_URL=postgres_url, **settings) as shared:
        job_id = shared.submit(silence_wav(1.3, rate=8000))
        shared.finished(job_id)

        def look() -> bool | None:
            hits = shared.client.get("/search", params={"q": '"1.3 seconds"'}).json()["hits"]
            return True if [(hit["job_id"], hit["marks"]) for hit in hits] == [(job_id, [[22, 33]])] else None

        until(look, 30, shared.output)
        assert not (shared.data_dir / "search").exists()
        password = postgres_url.partition("@")[0].rpartition(":")[2]
        assert traces(shared.redis(), [password], shared.data_dir / "logs") == []
    with Service(tmp_path_factory.mktemp("off"), SEARCH="off", **settings) as off:
        answer = off.client.get("/search", params={"q": "words"})
        assert (answer.status_code, answer.json()["code"]) == (409, "search_not_in_use")
        assert not (off.data_dir / "search").exists()
