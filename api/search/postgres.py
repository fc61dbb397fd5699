"""The index in PostgreSQL, in a schema of its own: for gateways on several machines, which then share it.

The words are made here (`api.search.words`) and not by the database: its dictionaries know few languages, and the
embedded index is to find the same. A segment's words are a `tsvector` under a GIN index.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg

from api.search.index import Index, Session, document_words, tenant_word
from api.search.query import Clause, Query
from core.errors import StoreUnavailable

_CONNECT_SECONDS: Final = 3
_LOCK: Final = 0x5C21_0039
"""Number of the advisory lock of who writes: any, as long as nothing else in that database takes it."""
_SETTINGS: Final = """
    SET LOCAL search_path TO scriptorium;
    SET LOCAL statement_timeout TO '5s';
    SET LOCAL idle_in_transaction_session_timeout TO '60s';
"""
_SCHEMA: Final = """
    CREATE SCHEMA IF NOT EXISTS scriptorium;
    CREATE TABLE search_state (version integer NOT NULL, cursor bigint NOT NULL);
    INSERT INTO search_state VALUES (1, 0);
    CREATE TABLE search_jobs (number bigint PRIMARY KEY, job_id text NOT NULL UNIQUE, work_id text NOT NULL);
    CREATE TABLE search_words (rowid bigint PRIMARY KEY, words tsvector NOT NULL);
    CREATE INDEX search_words_by_word ON search_words USING gin (words);
"""


class PostgresIndex(Index):
    """An index in a database, for any number of threads, processes and machines."""

    _find = """
        SELECT search_words.rowid, job_id, work_id
        FROM search_words JOIN search_jobs ON number = search_words.rowid >> 20
        WHERE words @@ %s::tsquery AND search_words.rowid < %s
        ORDER BY search_words.rowid DESC LIMIT %s
    """
    _insert = "INSERT INTO search_words (rowid, words) VALUES (%s, %s::tsvector)"

    def __init__(self, url: str) -> None:
        """Use the database of a URL, which is asked for nothing yet."""
        self._url = url
        self._is_made = False

    def _document(self, tenant: str, text: str) -> str:
        words = document_words(text)
        placed = [f"{_quoted(word)}:{place}" for place, word in enumerate(words, start=1)]
        return " ".join([_quoted(tenant_word(tenant)), *placed]) if words else ""

    def _match(self, tenant: str, query: Query) -> str:
        unwanted = [f"!({_expression(clause)})" for clause in query.unwanted]
        return " & ".join([_quoted(tenant_word(tenant)), *map(_expression, query.wanted), *unwanted])

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with self._transaction() as session:
            yield session

    @contextmanager
    def _exclusive(self) -> Iterator[Session | None]:
        with self._transaction() as session:
            ((is_ours,),) = session.rows("SELECT pg_try_advisory_xact_lock(%s)", _LOCK)
            yield session if is_ours else None

    def _tidy(self, session: Session, *, has_removed: bool) -> None:
        """Leave it to the database's own vacuum."""

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with psycopg.connect(self._url, connect_timeout=_CONNECT_SECONDS) as connection:
                connection.execute(_SETTINGS)
                if not self._is_made:
                    self._make(connection)
                yield _Session(connection)
            self._is_made = True  # only now: until it is committed, others don't see it
        except psycopg.Error as error:
            self._is_made = False
            # Not what it says: that may show the URL.
            raise StoreUnavailable(
                f"The search index does not answer ({error.sqlstate or type(error).__name__}); try again shortly."
            ) from None

    def _make(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        """Make the tables if there are none, one process after the other."""
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK + 1])
        if connection.execute("SELECT to_regclass('scriptorium.search_state')").fetchone() == (None,):
            connection.execute(_SCHEMA)


class _Session:
    """One transaction, as an index uses it."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self._connection = connection

    def rows(self, statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        answer = self._connection.execute(statement, parameters)
        return answer.fetchall() if answer.description else []

    def many(self, statement: LiteralString, parameters: Iterable[Sequence[object]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(statement, parameters)


def _expression(clause: Clause) -> str:
    last = _quoted(clause.words[-1]) + (":*" if clause.is_prefix else "")
    return " <-> ".join([*map(_quoted, clause.words[:-1]), last])


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
