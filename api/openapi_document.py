"""The OpenAPI document: FastAPI's, with our errors, our examples and who is let in."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.examples import ANSWERS
from api.problems import Problem
from api.rate_limits import HEADERS as RATE_LIMIT_HEADERS
from api.views import JobEvent, QueueEvent

_SECURITY_SCHEMES: dict[str, dict[str, Any]] = {
    "none": {},
    "api_key": {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    },
    "jwt": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
}
"""By AUTH_MODE: the ways to say who one is, each sufficient."""


def install(app: FastAPI, auth_mode: str) -> None:
    """Have the application tell this document; it is made when it is first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, _SECURITY_SCHEMES[auth_mode])
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, security_schemes: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document: our problem documents in the place of FastAPI's error shape, and who is let in."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document["components"]["schemas"]
    document["components"]["headers"] = {
        name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in RATE_LIMIT_HEADERS.items()
    }
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        # FastAPI adds this to every route with a parameter; where one can really be invalid, the route says so itself.
        if "HTTPValidationError" in str(operation["responses"].get("422")):
            del operation["responses"]["422"]
        _share_definitions(operation, schemas)
        if security_schemes and "401" in operation["responses"]:
            operation["security"] = [{name: []} for name in security_schemes]
        _name_limits(operation)
    # Put in here because FastAPI drops every null of an example that a route declares.
    for (path, method, status), example in ANSWERS.items():
        response = document["paths"][path][method]["responses"][str(status)]
        response["content"]["application/json"]["example"] = example
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    _add_models(schemas)
    if security_schemes:
        document["components"]["securitySchemes"] = security_schemes
    return document


def _share_definitions(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put what the schema of a body refers to among the document's schemas, where the reference leads."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, definition in content["schema"].pop("$defs", {}).items():
            schemas.setdefault(name, definition)


def _name_limits(operation: dict[str, Any]) -> None:
    """Give every answer of an operation that is limited the headers that tell how far it is."""
    if str(HTTPStatus.TOO_MANY_REQUESTS) not in operation["responses"]:
        return
    for response in operation["responses"].values():
        response.setdefault("headers", {}).update(
            {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_LIMIT_HEADERS}
        )


def _add_models(schemas: dict[str, Any]) -> None:
    """Add what no route answers as its model, and the document refers to all the same."""
    for model in (Problem, JobEvent, QueueEvent):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, definition in schema.pop("$defs").items():
            schemas.setdefault(name, definition)
        schemas[model.__name__] = schema
