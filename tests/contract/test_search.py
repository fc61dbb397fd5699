"""Both indexes find the same: one in a file, one in PostgreSQL, each filled from a real Redis' transcripts."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge

from api.correction_store import CorrectionStore
from api.corrections import Correction
from api.search.embedded import EmbeddedIndex
from api.search.finder import Finder, HitPage
from api.search.index import MOST_POSITION, Entry, Index
from api.search.indexer import Indexer
from api.search.postgres import PostgresIndex
from api.search.query import Query
from api.search.source import Stored, TranscriptSource
from core.errors import StoreUnavailable
from core.keys import Keys
from core.redis_clients import connect_async
from tests.harness.service import until
from tests.harness.stores import INFO, Jobs, new_job, segment

TEXTS = (
    " The budget for next year.",
    " Zwölf Straßen, ein Café.",
    " 今日の天気は良いです。",
    " नमस्ते दुनिया",
    " It's a well-known fact; the fact is known.",
)


@pytest.fixture(params=["embedded", "postgres"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    if request.param == "embedded":
        return EmbeddedIndex(tmp_path / "search")
    url: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS scriptorium CASCADE")
    return PostgresIndex(url)


def put(index: Index, job_id: str, *texts: str, tenant: str = "a", created_at_ms: int = 1_795_261_816_359) -> None:
    with index.writing() as writer:
        assert writer is not None
        writer.put(Entry(job_id, f"work-of-{job_id}", tenant, created_at_ms, texts))


def found(index: Index, query: str, *, tenant: str = "a", before: int = MOST_POSITION, limit: int = 100) -> list[str]:
    """Return what is found, each as its job and its place."""
    segments = index.find(tenant, Query.parse(query), before=before, limit=limit)
    assert all(each.work_id == f"work-of-{each.job_id}" for each in segments)
    return [f"{each.job_id}{each.place}" for each in segments]


# The index


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("budget", ["x0"]),
        ("BUDGET year", ["x0"]),
        ('"next year"', ["x0"]),
        ('"year next"', []),
        ("budg*", ["x0"]),
        ("budg", []),
        ('"next ye*"', ["x0"]),
        ("the -budget", ["x4"]),
        ('the -"next year" -missing', ["x4"]),
        ("cafe STRASSEN", ["x1"]),
        ("zwolf", ["x1"]),
        ("天気", ["x2"]),
        ("気", ["x2"]),
        ("天は", []),
        ("नमस्ते", ["x3"]),
        ("नम", []),
        ("well-known", ["x4"]),
        ("it's", ["x4"]),
        ("'; DROP TABLE search_jobs; -- budget", []),
        ("budget' OR '1'='1", []),
        ("\\ budget :*", ["x0"]),
        ("budget & | ! <-> year", ["x0"]),
    ],
)
def test_words_phrases_beginnings_and_exclusions_are_found_in_every_script(
    index: Index, query: str, places: list[str]
) -> None:
    put(index, "x", *TEXTS)
    assert found(index, query) == places


def test_the_newest_job_comes_first_and_each_in_its_order_page_by_page(index: Index) -> None:
    for number, job_id in enumerate("bca"):
        put(index, job_id, "same", "other", "same", "same", created_at_ms=1000 + number)
    put(index, "d", "same", created_at_ms=1002)  # in the same millisecond as the last
    expected = ["d0", "a0", "a2", "a3", "c0", "c2", "c3", "b0", "b2", "b3"]
    assert found(index, "same") == expected
    pages, before = [], MOST_POSITION
    while page := index.find("a", Query.parse("same"), before=before, limit=3):
        pages += [f"{each.job_id}{each.place}" for each in page]
        before = page[-1].position
    assert pages == expected


def test_a_tenant_finds_his_own(index: Index) -> None:
    put(index, "x", "secret", tenant="ann")
    put(index, "y", "secret", tenant="bob")
    assert found(index, "secret", tenant="ann") == ["x0"]
    assert found(index, "secret", tenant="bob") == ["y0"]
    assert found(index, "secret", tenant="carl") == []
    assert found(index, "secret", tenant="ann' OR 1=1") == []


def test_what_is_taken_again_replaces_what_was(index: Index) -> None:
    put(index, "x", "first", "both")
    put(index, "x", "second", "both")
    assert (found(index, "first"), found(index, "second"), found(index, "both")) == ([], ["x0"], ["x1"])


def test_silence_is_listed_and_found_nowhere(index: Index) -> None:
    put(index, "x", "", "  ", "…")
    with index.writing() as writer:
        assert writer is not None
        assert [each.job_id for each in writer.listed(after=0, limit=10)] == ["x"]


def test_what_is_removed_is_found_no_more(index: Index) -> None:
    put(index, "x", "here", "here")
    put(index, "y", "here")
    with index.writing() as writer:
        assert writer is not None
        writer.remove(["x", "never-there"])
        assert [each.job_id for each in writer.listed(after=0, limit=10)] == ["y"]
    assert found(index, "here") == ["y0"]


def test_what_ends_in_an_error_has_changed_nothing(index: Index) -> None:
    put(index, "x", "first")

    def fail() -> None:
        with index.writing() as writer:
            assert writer is not None
            writer.put(Entry("x", "work-of-x", "a", 5, ["second"]))
            writer.move(99)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (index.cursor(), found(index, "first"), found(index, "second")) == (0, ["x0"], [])


def test_one_writes_at_a_time_and_everybody_reads(index: Index) -> None:
    put(index, "x", "first")
    with index.writing() as writer:
        assert writer is not None
        writer.put(Entry("y", "work-of-y", "a", 5, ["first"]))
        with index.writing() as second:
            assert second is None
        assert found(index, "first") == ["x0"]
    assert found(index, "first") == ["x0", "y0"]


def test_many_at_once_make_one_index(index: Index) -> None:
    def begin() -> None:
        begun.wait()
        answers.append(index.cursor())

    begun, answers = threading.Barrier(8), list[int]()
    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [0] * 8


def test_a_day_of_speech_is_found_in(index: Index) -> None:
    put(index, "x", *(f"sentence number {number} of a long day" for number in range(20_000)))
    assert found(index, '"number 19999"') == ["x19999"]
    assert found(index, "day", limit=3) == ["x0", "x1", "x2"]


# The file


def test_no_removed_word_stays_in_the_file(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, "x", "unmistakable", *("many words of others" for _ in range(2000)))
    put(index, "y", "unmistaken")

    def content() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"unmistakable" in content()
    with index.writing() as writer:
        assert writer is not None
        writer.remove(["x"])
    for _ in range(10):  # each does a part of what is left to do
        with index.writing():
            pass
    assert b"unmistakable" not in content()
    assert b"table" not in content().partition(b"unmis")[2][:9]
    assert found(index, "unmistaken") == ["y0"]


@pytest.mark.parametrize("content", [b"not a database at all, and long enough to be looked at" * 100, b""])
def test_a_file_that_is_damaged_is_made_anew(tmp_path: Path, content: bytes) -> None:
    index = EmbeddedIndex(tmp_path / "search")
    put(index, "x", "words")
    for path in (tmp_path / "search").iterdir():
        path.write_bytes(content)
    if content:
        with pytest.raises(StoreUnavailable):
            found(index, "words")
    assert (index.cursor(), found(index, "words")) == (0, [])
    put(index, "x", "words")
    assert found(index, "words") == ["x0"]


def test_a_file_of_another_version_is_made_anew(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path)
    put(index, "x", "words")
    with sqlite3.connect(tmp_path / "index.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert found(index, "words") == []


def test_a_database_that_is_away_is_told_without_its_password(free_url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        PostgresIndex(free_url).cursor()
    assert "secret" not in str(refused.value) + repr(refused.value.__cause__)


@pytest.fixture
def free_url() -> str:
    from cli.ports import free_port

    return f"postgresql://somebody:secret@127.0.0.1:{free_port()}/nowhere"


# The index of a Redis


class Searched:
    """Jobs of a real server, with an index and who asks it."""

    def __init__(self, jobs: Jobs, index: Index) -> None:
        self.jobs = jobs
        self.index = index
        self.registry = CollectorRegistry()
        self.indexer = self.another(index)

    def another(self, index: Index) -> Indexer:
        registry = CollectorRegistry()
        self.waiting = Gauge("waiting", "", registry=registry)
        self.failures = Counter("failures", "", registry=registry)
        source = TranscriptSource(self.jobs.client, self.jobs.keys)
        return Indexer(index, source, waiting=self.waiting, failures=self.failures)

    def completed(self, *texts: str, **fields: object) -> str:
        job_id = self.jobs.post(new_job(**fields)).job_id  # type: ignore[arg-type]
        work = self.jobs.claimed()
        segments = [segment(number).model_copy(update={"text": text}) for number, text in enumerate(texts, start=1)]
        self.jobs.worker.report(work, segments=segments, progress_seconds=1, info=INFO)
        assert self.jobs.worker.complete(work, INFO, transcribed_seconds=12.0) == "completed"
        return job_id

    def catch_up(self) -> None:
        while self.indexer.run():
            pass

    def page(self, query: str, *, tenant: str = "a", limit: int = 20, cursor: str | None = None) -> HitPage:
        async def ask() -> HitPage:
            client = connect_async(self.jobs.url)
            finder = Finder(self.index, client, self.jobs.keys)
            try:
                return await finder.page(tenant, Query.parse(query), limit=limit, cursor=cursor)
            finally:
                finder.close()
                await client.aclose()

        return self.jobs.runner.run(ask())

    def found(self, query: str, *, tenant: str = "a") -> list[tuple[str, int]]:
        return [(hit.job_id, hit.segment_id) for hit in self.page(query, tenant=tenant).hits]

    def correct(self, job_id: str, segment_id: int, text: str) -> None:
        async def keep() -> None:
            client = connect_async(self.jobs.url)
            try:
                await CorrectionStore(client, self.jobs.keys).keep(job_id, {segment_id: Correction(text, 1)}, words=3)
            finally:
                await client.aclose()

        self.jobs.runner.run(keep())

    def erase(self, job_id: str) -> None:
        self.jobs.gateway(lambda store: store.erase(job_id))

    def listed(self) -> list[str]:
        with self.index.writing() as writer:
            assert writer is not None
            return [each.job_id for each in writer.listed(after=0, limit=1000)]


@pytest.fixture
def searched(valkey_url: str, keys: Keys, index: Index) -> Iterator[Searched]:
    with asyncio.Runner() as runner:
        yield Searched(Jobs(valkey_url, keys, runner), index)


def test_a_completed_transcript_is_found_with_its_place_in_the_audio(searched: Searched) -> None:
    job_id = searched.completed(*TEXTS)
    assert searched.found("budget") == []
    searched.catch_up()
    (hit,) = searched.page('"next year"').hits
    assert (hit.job_id, hit.segment_id, hit.start, hit.end) == (job_id, 1, 1.0, 2.0)
    assert (hit.file_name, hit.text) == ("speech.flac", "The budget for next year.")
    assert [hit.text[start:end] for start, end in hit.marks] == ["next year"]
    assert hit.created_at == searched.jobs.get(job_id).created_at


def test_only_what_is_completed_is_found(searched: Searched) -> None:
    searched.jobs.accept()
    work = searched.jobs.claimed()
    searched.jobs.worker.report(work, segments=[segment(1)], progress_seconds=1, info=INFO)
    searched.catch_up()
    assert searched.listed() == []


def test_a_correction_is_found_and_what_it_replaces_is_not(searched: Searched) -> None:
    job_id = searched.completed("wrong word", "other")
    searched.catch_up()
    searched.correct(job_id, 1, "right word")
    # Before it is indexed, too, nothing is shown that is no more.
    assert searched.found("wrong") == []
    searched.catch_up()
    assert (searched.found("wrong"), searched.found("right"), searched.found("other")) == (
        [],
        [(job_id, 1)],
        [(job_id, 2)],
    )


def test_what_is_erased_is_never_shown_and_soon_gone(searched: Searched) -> None:
    job_id, kept = searched.completed("gone"), searched.completed("gone")
    searched.catch_up()
    searched.erase(job_id)
    assert searched.found("gone") == [(kept, 1)]
    assert searched.listed() == [job_id, kept]
    searched.catch_up()
    assert searched.listed() == [kept]
    assert searched.jobs.client.zrange(searched.jobs.keys.searchable, 0, -1) == [kept]


def test_what_is_erased_before_it_was_indexed_is_not_indexed(searched: Searched) -> None:
    searched.erase(searched.completed("gone"))
    searched.catch_up()
    assert (searched.listed(), searched.waiting._value.get()) == ([], 0)  # noqa: SLF001 - there is no other way


def test_what_expires_by_itself_is_never_shown_and_soon_gone(searched: Searched) -> None:
    job_id = searched.completed("gone", retention_ms=100)
    searched.catch_up()
    until(lambda: None if searched.jobs.client.exists(searched.jobs.keys.job(job_id)) else True, 10)
    assert searched.found("gone") == []
    searched.catch_up()
    assert searched.listed() == []


def test_a_result_that_expires_before_its_record_is_gone(searched: Searched) -> None:
    job_id = searched.completed("gone")
    searched.catch_up()
    searched.jobs.client.delete(searched.jobs.keys.result(job_id))
    assert searched.found("gone") == []
    searched.catch_up()
    assert searched.listed() == []


def test_jobs_that_share_a_transcript_are_each_found_and_corrected_apart(searched: Searched) -> None:
    first = searched.completed("same words", blake3="5" * 64)
    second = searched.jobs.post(new_job(blake3="5" * 64)).job_id
    searched.correct(second, 1, "other words")
    searched.catch_up()
    assert (searched.found("same"), searched.found("other")) == ([(first, 1)], [(second, 1)])
    searched.erase(first)
    searched.catch_up()
    assert searched.found("words") == [(second, 1)]


def test_one_that_was_cancelled_by_itself_is_not_found(searched: Searched) -> None:
    kept, cancelled = (searched.jobs.post(new_job(blake3="6" * 64)).job_id for _ in range(2))
    searched.jobs.cancel(cancelled)
    searched.jobs.done(searched.jobs.claimed())
    searched.catch_up()
    assert searched.found("part") == [(kept, 1)]


def test_tenants_never_see_each_others(searched: Searched) -> None:
    ann, bob = (searched.completed("secret", tenant=tenant) for tenant in ("ann", "bob"))
    searched.catch_up()
    assert searched.found("secret", tenant="ann") == [(ann, 1)]
    assert searched.found("secret", tenant="bob") == [(bob, 1)]
    assert searched.page("secret", tenant="ann", cursor=str(MOST_POSITION)).hits[0].job_id == ann


def test_pages_follow_one_another_without_a_gap_whatever_goes_meanwhile(searched: Searched) -> None:
    job_ids = [searched.completed("a word", "none", "a word") for _ in range(4)]
    searched.catch_up()
    searched.erase(job_ids[2])  # still in the index
    pages, cursor = [], None
    while True:
        page = searched.page("word", limit=2, cursor=cursor)
        assert len(page.hits) <= 2
        pages += [(hit.job_id, hit.segment_id) for hit in page.hits]
        if (cursor := page.next_cursor) is None:
            break
    assert pages == [(job_id, place) for job_id in (job_ids[3], job_ids[1], job_ids[0]) for place in (1, 3)]


def test_an_indexer_that_ends_in_the_middle_loses_nothing(searched: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    job_ids = [searched.completed("kept") for _ in range(5)]
    read, entries = TranscriptSource.entry, list[str]()

    def entry(source: TranscriptSource, stored: Stored) -> Entry | None:
        entries.append(stored.job_id)
        if len(entries) == 3:
            raise ConnectionError
        return read(source, stored)

    monkeypatch.setattr(TranscriptSource, "entry", entry)
    with pytest.raises(ConnectionError):
        searched.indexer.run()
    assert searched.found("kept") == []
    searched.catch_up()
    assert [job_id for job_id, _ in searched.found("kept")] == job_ids[::-1]


@pytest.mark.parametrize("segments", [1, 499, 500, 501, 1000, 1001])
def test_a_long_transcript_is_found_to_its_end(segments: int, searched: Searched) -> None:
    before = searched.completed("last")
    job_id = searched.completed(*["other"] * (segments - 1), "last")
    searched.catch_up()
    assert searched.found("last") == [(job_id, segments), (before, 1)]
    assert len(searched.page("other", limit=1).hits) == (segments > 1)


def test_one_transcript_that_cannot_be_read_keeps_no_other_out(searched: Searched) -> None:
    broken, job_id = searched.completed("first"), searched.completed("second")
    searched.jobs.client.lset(searched.jobs.keys.segments(broken), 0, "{")
    searched.catch_up()
    assert searched.found("second") == [(job_id, 1)]
    assert searched.failures._value.get() == 1  # noqa: SLF001 - there is no other way


def test_an_index_that_is_lost_is_made_anew_from_all_transcripts(
    searched: Searched, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    job_ids = [searched.completed(f"number {number}") for number in range(45)]
    searched.catch_up()
    assert searched.waiting._value.get() == 0  # noqa: SLF001 - there is no other way
    if isinstance(searched.index, EmbeddedIndex):
        shutil.rmtree(tmp_path / "search")
    else:
        with psycopg.connect(request.getfixturevalue("postgres_url")) as connection:
            connection.execute("DROP SCHEMA scriptorium CASCADE")
        with pytest.raises(StoreUnavailable):  # by which it notices
            searched.index.cursor()
    assert searched.index.cursor() == 0
    searched.catch_up()
    assert [job_id for job_id, _ in searched.found('"number 44"') + searched.found('"number 0"')] == [
        job_ids[44],
        job_ids[0],
    ]
    assert len(searched.listed()) == 45


def test_jobs_of_a_redis_that_is_gone_leave_the_index(searched: Searched) -> None:
    job_id = searched.completed("old")
    searched.catch_up()
    searched.jobs.client.delete(*searched.jobs.client.keys(f"{searched.jobs.keys.prefix}*"))
    newer = searched.completed("new")
    searched.catch_up()
    assert job_id not in searched.listed()
    assert searched.found("new") == [(newer, 1)]
