"""The index of all transcripts: which segments have which words. It is a copy: the truth of every text is in Redis.

An index remembers, in the same transaction as what it took, the number of the latest change that it has taken. So one
that is killed goes on where it was, one that is gone is made anew from the first change on, and any number of them, on
as many machines, each have everything.

A segment's position is its job's number (when the job was created, in milliseconds; the next free one if two were)
times 2^20, plus its place counted from the end: descending positions are the newest job first, each from its start.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, LiteralString, Protocol

from api.search.query import Query
from api.search.words import words_of

PLACE_BITS: Final = 20
MOST_SEGMENTS: Final = 1 << PLACE_BITS
MOST_POSITION: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Entry:
    """A transcript to be found."""

    job_id: str
    work_id: str
    tenant: str
    created_at_ms: int
    texts: Sequence[str]
    """Of its segments, as they lie in Redis."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A job that an index has."""

    number: int
    job_id: str
    work_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A segment that an index has found."""

    job_id: str
    work_id: str
    place: int
    """In the list of the work's segments, from 0."""
    position: int


class Session(Protocol):
    """One transaction. Statements are written with `%s` where a parameter goes."""

    def rows(self, statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement and return what it answers."""

    def many(self, statement: LiteralString, parameters: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of parameters."""


class Index(ABC):
    """An index in some database. Every method blocks.

    Raises:
        StoreUnavailable: the database does not answer, or not in time.
    """

    @property
    @abstractmethod
    def _find(self) -> LiteralString:
        """Select position, job and work by a match, below a position, so many."""

    @property
    @abstractmethod
    def _insert(self) -> LiteralString:
        """Insert a segment by position and document."""

    @abstractmethod
    def _document(self, tenant: str, text: str) -> str:
        """Return a segment's words as they are inserted; empty if it has none."""

    @abstractmethod
    def _match(self, tenant: str, query: Query) -> str:
        """Return a query as the database reads it."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Session]:
        """Have a transaction to read in."""

    @abstractmethod
    def _exclusive(self) -> AbstractContextManager[Session | None]:
        """Have the one transaction that may write; None while somebody else has it."""

    @abstractmethod
    def _tidy(self, session: Session, *, has_removed: bool) -> None:
        """Do a bounded part of what is left to do after removals."""

    def cursor(self) -> int:
        """Return the number of the latest change that was taken; 0 before the first."""
        with self._reading() as session:
            return _cursor(session)

    def find(self, tenant: str, query: Query, *, before: int, limit: int) -> list[Found]:
        """Return a tenant's segments that match, below a position, the highest first."""
        with self._reading() as session:
            rows = session.rows(self._find, self._match(tenant, query), before, limit)
        return [
            Found(job_id, work_id, MOST_SEGMENTS - 1 - position % MOST_SEGMENTS, position)
            for position, job_id, work_id in rows
        ]

    @contextmanager
    def writing(self) -> Iterator["IndexWriter | None"]:
        """Have the one writer for the block, which takes effect as a whole; None while somebody else has it."""
        with self._exclusive() as session:
            if session is None:
                yield None
                return
            writer = IndexWriter(session, self._insert, self._document)
            yield writer
            self._tidy(session, has_removed=writer.has_removed)


class IndexWriter:
    """Changes an index within one transaction. `document` writes a tenant's text as the database takes it."""

    def __init__(self, session: Session, insert: LiteralString, document: Callable[[str, str], str]) -> None:
        self._session = session
        self._insert = insert
        self._document = document
        self.has_removed = False

    def cursor(self) -> int:
        """Return the number of the latest change that was taken; 0 before the first."""
        return _cursor(self._session)

    def move(self, cursor: int) -> None:
        """Note the latest change that was taken."""
        self._session.rows("UPDATE search_state SET cursor = %s", cursor)

    def put(self, entry: Entry) -> None:
        """Take a transcript, in the place of what was taken of its job before."""
        self.remove([entry.job_id])
        number = entry.created_at_ms
        while self._session.rows("SELECT 1 FROM search_jobs WHERE number = %s", number):
            number += 1
        self._session.rows(
            "INSERT INTO search_jobs (number, job_id, work_id) VALUES (%s, %s, %s)",
            number,
            entry.job_id,
            entry.work_id,
        )
        last = (number << PLACE_BITS) + MOST_SEGMENTS - 1
        documents = (self._document(entry.tenant, text) for text in entry.texts[:MOST_SEGMENTS])
        self._session.many(
            self._insert, ((last - place, document) for place, document in enumerate(documents) if document)
        )

    def remove(self, job_ids: Sequence[str]) -> None:
        """Take jobs out, those that are there."""
        for job_id in job_ids:
            for (number,) in self._session.rows("SELECT number FROM search_jobs WHERE job_id = %s", job_id):
                first = number << PLACE_BITS
                self._session.rows(
                    "DELETE FROM search_words WHERE rowid BETWEEN %s AND %s", first, first + MOST_SEGMENTS - 1
                )
                self._session.rows("DELETE FROM search_jobs WHERE number = %s", number)
                self.has_removed = True

    def listed(self, *, after: int, limit: int) -> list[Listed]:
        """Return jobs above a number, the lowest first."""
        rows = self._session.rows(
            "SELECT number, job_id, work_id FROM search_jobs WHERE number > %s ORDER BY number LIMIT %s", after, limit
        )
        return [Listed(*row) for row in rows]


def document_words(text: str) -> list[str]:
    """Return the words of a segment's text."""
    return [word.text for word in words_of(text)]


def tenant_word(tenant: str) -> str:
    """Return the word that all of a tenant's segments have and nobody can look for: no letter begins it."""
    return f"\ue000{sha256(tenant.encode()).hexdigest()[:32]}"


def _cursor(session: Session) -> int:
    ((cursor,),) = session.rows("SELECT cursor FROM search_state")
    return int(cursor)
