"""Listings that come page by page."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from scriptorium.client.models import Model
from scriptorium.client.steps import Item, Parameters, Repeat, Request, Stream, parsed


class Page(Model):
    """One page, and where the next one begins; None on the last."""

    next_cursor: str | None = None


P = TypeVar("P", bound=Page)
T = TypeVar("T")


def pages(path: str, page: type[P], items: Callable[[P], Iterable[T]], parameters: Parameters) -> Stream[T]:
    """Yield what a listing holds, from its first page to its last.

    Args:
        path: Where it is.
        page: What a page looks like.
        items: Takes them out of a page.
        parameters: Of the query.

    Raises:
        ServiceError: a page doesn't come.
    """
    cursor: str | None = None
    while True:
        found = yield from parsed(Request("GET", path, {**parameters, "cursor": cursor}, repeat=Repeat.ALWAYS), page)
        for item in items(found):
            yield Item(item)
        cursor = found.next_cursor
        if cursor is None:
            return
