"""JSON bodies, read after their sender was let in, and never more of one than it may have.

FastAPI reads a body that a route declares before it asks any dependency, and all of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.problems import option_problems
from core.errors import InvalidOptions, MalformedBody

_MAX_BYTES = 64 * 1024
"""Enough for any body that holds no text."""

M = TypeVar("M", bound=BaseModel)


def json_body(model: type[M], *, most_bytes: int = _MAX_BYTES) -> Callable[[Request], Awaitable[M]]:
    """Return a dependency that reads the body as a model; declare it behind the one that asks for a principal."""

    async def read(request: Request) -> M:
        return await read_json(request.stream(), model, most_bytes=most_bytes)

    return read


async def read_json(chunks: AsyncIterator[bytes], model: type[M], *, most_bytes: int = _MAX_BYTES) -> M:
    """Return a body as a model.

    Raises:
        MalformedBody: it is no JSON, or too much of it.
        InvalidOptions: it is not what the model asks for.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most_bytes:
            raise MalformedBody(f"A JSON body has at most {most_bytes} bytes.")
    try:
        return model.model_validate_json(bytes(body), by_alias=True, by_name=False)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise MalformedBody("The body is not valid JSON.") from None
        raise InvalidOptions(option_problems(error)) from None


def json_request(model: type[BaseModel]) -> dict[str, Any]:
    """Return what OpenAPI has to say of a route with such a body (`openapi_extra`).

    What the schema refers to is in its `$defs`, for who makes the document to put among the others.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
