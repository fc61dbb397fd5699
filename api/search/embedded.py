"""The index in a file of its own, by SQLite's FTS5: for one machine, whose gateways share it.

Every call opens the file anew, so that it may be removed at any time: the next call makes another one, which the
indexer fills from the first transcript on. What is damaged is removed by itself.
"""

import fcntl
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import structlog

from api.search.index import Index, Session, document_words, tenant_word
from api.search.query import Clause, Query
from core.errors import StoreUnavailable

_VERSION: Final = 1
"""Of tables and words; a file of another one is made anew."""
_LOCKED_SECONDS: Final = 5.0
_MOST_SECONDS: Final = 5.0
"""That a search may take."""
_STEPS: Final = 10_000
"""Of SQLite's machine between two looks at the clock: some milliseconds."""
_MERGED_PAGES: Final = 500
"""Written in one step of a merge, some MiB."""
_SCHEMA: Final = (
    "DROP TABLE IF EXISTS search_state",
    "DROP TABLE IF EXISTS search_jobs",
    "DROP TABLE IF EXISTS search_words",
    "CREATE TABLE search_state (cursor INTEGER NOT NULL, merging INTEGER NOT NULL)",
    "INSERT INTO search_state VALUES (0, 0)",
    "CREATE TABLE search_jobs (number INTEGER PRIMARY KEY, job_id TEXT NOT NULL UNIQUE, work_id TEXT NOT NULL)",
    # Beyond ASCII every character is one of a word: the words are made here (api.search.words), and parted by spaces.
    "CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize = 'ascii')",
    f"PRAGMA user_version = {_VERSION}",
)
_DONE, _TO_BEGIN, _UNDER_WAY = range(3)

logger = structlog.get_logger(__name__)


class EmbeddedIndex(Index):
    """An index in a folder, for any number of threads and processes of one machine."""

    _find = """
        SELECT search_words.rowid, job_id, work_id
        FROM search_words CROSS JOIN search_jobs ON number = search_words.rowid >> 20
        WHERE search_words MATCH %s AND search_words.rowid < %s
        ORDER BY search_words.rowid DESC LIMIT %s
    """
    _insert = "INSERT INTO search_words (rowid, words) VALUES (%s, %s)"

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made when it is needed."""
        self._folder = folder
        self._path = folder / "index.db"

    def _document(self, tenant: str, text: str) -> str:
        words = document_words(text)
        return " ".join([tenant_word(tenant), *words]) if words else ""

    def _match(self, tenant: str, query: Query) -> str:
        wanted = " AND ".join([_quoted([tenant_word(tenant)]), *map(_expression, query.wanted)])
        return " NOT ".join([f"({wanted})", *map(_expression, query.unwanted)])

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with self._opened() as connection:
            deadline = time.monotonic() + _MOST_SECONDS
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            yield _Session(connection)

    @contextmanager
    def _exclusive(self) -> Iterator[Session | None]:
        self._make_folder()
        with (self._folder / "writer.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            with self._opened() as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield _Session(connection)
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()

    def _tidy(self, session: Session, *, has_removed: bool) -> None:
        """Merge away what was removed: until then FTS5 has its words, and a note that they don't count."""
        ((state,),) = session.rows("SELECT merging FROM search_state")
        if has_removed and state != _TO_BEGIN:
            session.rows("UPDATE search_state SET merging = %s", _TO_BEGIN)
        elif state != _DONE and not has_removed:
            ((before,),) = session.rows("SELECT total_changes()")
            pages = -_MERGED_PAGES if state == _TO_BEGIN else _MERGED_PAGES  # below 0, all that there is by now
            session.rows("INSERT INTO search_words (search_words, rank) VALUES ('merge', %s)", pages)
            ((after,),) = session.rows("SELECT total_changes()")
            is_over = after - before < 2  # noqa: PLR2004 - as FTS5 says that there is nothing left to merge
            session.rows("UPDATE search_state SET merging = %s", _DONE if is_over else _UNDER_WAY)

    def _make_folder(self) -> None:
        """Make the folder if it isn't there; what lies in it is words of transcripts, and nobody else's business."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self._make_folder()
            with closing(sqlite3.connect(self._path, timeout=_LOCKED_SECONDS, isolation_level=None)) as connection:
                _prepare(connection)
                yield connection
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not _is_damage(error):
                raise StoreUnavailable("The index does not answer, or not in time; try again shortly.") from error
            logger.exception("search_index_damaged", hint="It is removed, and made anew from all transcripts.")
            shutil.rmtree(self._folder, ignore_errors=True)
            raise StoreUnavailable("The index is being made anew; try again shortly.") from error


class _Session:
    """One connection, as an index uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement.replace("%s", "?"), parameters).fetchall()

    def many(self, statement: LiteralString, parameters: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(statement.replace("%s", "?"), parameters)


def _prepare(connection: sqlite3.Connection) -> None:
    """Set a connection up, and its file as well if it isn't."""
    connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is taken again
    connection.execute("PRAGMA secure_delete = ON")
    if not _is_made(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in () if _is_made(connection) else _SCHEMA:
                connection.execute(statement)


def _is_made(connection: sqlite3.Connection) -> bool:
    version: tuple[int] = connection.execute("PRAGMA user_version").fetchone()
    return version == (_VERSION,)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _expression(clause: Clause) -> str:
    return _quoted(clause.words) + ("*" if clause.is_prefix else "")


def _quoted(words: Sequence[str]) -> str:
    text = " ".join(words).replace('"', '""')
    return f'"{text}"'
