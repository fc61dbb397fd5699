"""Search as the gateway has it: an index, what keeps it, and what asks it; or none at all (SEARCH=off)."""

import asyncio

from redis.asyncio import Redis

from api.metrics import GatewayMetrics
from api.search.embedded import EmbeddedIndex
from api.search.finder import Finder, HitPage
from api.search.index import Index
from api.search.indexer import Indexer
from api.search.query import Query
from api.search.source import TranscriptSource
from api.settings import GatewaySettings
from core.errors import ConfigurationError, SearchNotInUse
from core.redis_clients import connect


class TranscriptSearch:
    """All transcripts, searchable from `start` to `close`."""

    def __init__(self, finder: Finder | None = None, indexer: Indexer | None = None) -> None:
        """Without them, there is no search."""
        self._finder = finder
        self._indexer = indexer

    @classmethod
    def of_settings(cls, settings: GatewaySettings, client: Redis, metrics: GatewayMetrics) -> "TranscriptSearch":
        """Return what the settings ask for; nothing is opened or connected yet.

        Raises:
            ConfigurationError: what SEARCH_DATABASE_URL needs is not installed.
        """
        if settings.search == "off":
            return cls()
        index = _index(settings)
        source = TranscriptSource(connect(settings.redis))
        indexer = Indexer(index, source, waiting=metrics.search_waiting, failures=metrics.search_failures)
        return cls(Finder(index, client), indexer)

    def start(self) -> None:
        """Begin to index."""
        if self._indexer:
            self._indexer.start()

    async def close(self) -> None:
        """End, after what is being indexed."""
        if self._indexer:
            await asyncio.to_thread(self._indexer.stop)
        if self._finder:
            self._finder.close()

    async def page(self, tenant: str, query: Query, *, limit: int, cursor: str | None) -> HitPage:
        """Return a page of a tenant's segments that match (`Finder.page`).

        Raises:
            SearchNotInUse: there is no index.
            StoreUnavailable: it does not answer, or not in time.
        """
        if self._finder is None:
            raise SearchNotInUse("This service keeps no index of transcripts (SEARCH=off).")
        return await self._finder.page(tenant, query, limit=limit, cursor=cursor)


def _index(settings: GatewaySettings) -> Index:
    if not settings.search_database_url:
        return EmbeddedIndex(settings.data_dir / "search")
    try:
        # An extra: whoever has no such database needs none of it.
        from api.search.postgres import PostgresIndex
    except ImportError as error:
        raise ConfigurationError(f"SEARCH_DATABASE_URL needs the extra 'postgres' ({error.name} is missing).") from None
    return PostgresIndex(settings.search_database_url)
