"""JSON bodies are read after their sender was let in, and never more than they may have."""

import asyncio
from collections.abc import Iterator

import pytest
from fastapi import Request
from pydantic import BaseModel
from starlette.types import Message

from api.json_bodies import json_body
from core.errors import InvalidOptions, MalformedBody


class Wanted(BaseModel):
    name: str


def read(chunks: Iterator[bytes]) -> tuple[Wanted, int]:
    """Return what is read of a body, and how many chunks of it were taken."""
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        chunk = next(chunks, None)
        taken += chunk is not None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def run() -> Wanted:
        return await json_body(Wanted)(Request({"type": "http", "headers": []}, receive))

    try:
        return asyncio.run(run()), taken
    except MalformedBody as error:
        raise MalformedBody(f"{error.detail} After {taken} chunks.") from None


def test_a_body_in_pieces_is_one_document() -> None:
    assert read(iter([b'{"na', b'me": ', b'"x"}'])) == (Wanted(name="x"), 3)


def test_no_more_is_read_than_a_body_may_have() -> None:
    endless = iter(lambda: b" " * 10_000, None)
    with pytest.raises(MalformedBody, match=r"65536 bytes\. After 7 chunks"):
        read(endless)


@pytest.mark.parametrize("body", [b"", b"{", b'{"name": }', b"\xff", b'{"name": "\\ud800"}'])
def test_what_is_no_json_is_said_so(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="JSON"):
        read(iter([body]))


@pytest.mark.parametrize(("body", "option"), [(b"[]", "options"), (b"{}", "name"), (b'{"name": 7}', "name")])
def test_what_is_no_such_document_is_named(body: bytes, option: str) -> None:
    with pytest.raises(InvalidOptions) as refused:
        read(iter([body]))
    assert [problem.option for problem in refused.value.problems] == [option]
