"""The OpenAPI document: every route with its errors, and answers that are what it says."""

from typing import Any

import jsonschema
import pytest

from api.job_terms import FORM_PROPERTIES
from core.options import TranscriptionOptions
from tests.harness.service import Service
from tests.media import clip

OTHER_APIS = {
    "/v1/": "OpenAIError",
    "/v2/": "AssemblyAIError",
    "/asr": "WhisperAsrError",
    "/detect-language": "WhisperAsrError",
    "/inference": "WhisperCppError",
}
"""What the errors of other APIs' paths are."""


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    loaded: dict[str, Any] = service.client.get("/openapi.json").json()
    return loaded


def validate(document: dict[str, Any], instance: object, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(instance)


def test_every_route_is_documented(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/transcribe",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/v1/models",
        "/v1/models/{model}",
        "/inference",
        "/asr",
        "/detect-language",
        "/status",
        "/v2/upload",
        "/v2/transcript",
        "/v2/transcript/{job_id}",
        "/v2/transcript/{job_id}/srt",
        "/v2/transcript/{job_id}/vtt",
        "/v2/transcript/{job_id}/sentences",
        "/v2/transcript/{job_id}/paragraphs",
        "/v2/transcript/{job_id}/word-search",
        "/transcribe/async",
        "/transcribe/{job_id}",
        "/status/{job_id}",
        "/events/{job_id}",
        "/result/{job_id}",
        "/result/{job_id}/corrections",
        "/audio/{job_id}",
        "/search",
        "/job/{job_id}",
        "/jobs",
        "/tenants/{tenant}",
        "/webhooks/{job_id}",
        "/webhooks/{job_id}/replay",
        "/dead-letters",
        "/dead-letters/requeue",
        "/dead-letters/{job_id}",
        "/dead-letters/{job_id}/requeue",
        "/keys",
        "/keys/{key_id}",
        "/keys/{key_id}/limits",
        "/audit",
        "/health",
        "/health/ready",
        "/stats",
        "/metrics",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert operation["responses"]


def test_every_option_is_a_field_of_the_form(document: dict[str, Any]) -> None:
    form = document["paths"]["/transcribe"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    wire_names = {field.alias or name for name, field in TranscriptionOptions.model_fields.items()}
    assert set(form["properties"]) == {"file", *FORM_PROPERTIES} | wire_names
    assert all("description" in field for field in form["properties"].values())


def test_every_error_of_a_route_is_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for name, path in document["paths"].items():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400" and name != "/health/ready":
                    (media_type, content), *none = response["content"].items()
                    schema = content["schema"]["$ref"].removeprefix("#/components/schemas/")
                    assert (media_type, schema, none) == (*error_of(name), [])
                    assert content["examples"]
                    for example in content["examples"].values():
                        validate(document, example["value"], content["schema"])
                        assert example["value"].get("status", int(status)) == int(status)


def error_of(path: str) -> tuple[str, str]:
    """Return media type and schema of the errors of a path: ours, or those of the API it belongs to."""
    for start, schema in OTHER_APIS.items():
        if path.startswith(start):
            return "application/json", schema
    return "application/problem+json", "Problem"


def test_every_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status < "400":
                    for content_type, content in response.get("content", {}).items():
                        example = content["example"]
                        if content_type == "application/json":
                            validate(document, example, content["schema"])


def test_answers_are_what_the_document_says(service: Service, document: dict[str, Any]) -> None:
    job_id = service.submit(clip("garden"), word_timestamps="true")
    service.finished(job_id)
    for path in (f"/status/{job_id}", f"/result/{job_id}", "/jobs", "/health", "/health/ready", "/stats"):
        template = path.replace(job_id, "{job_id}")
        answer = service.client.get(path)
        schema = document["paths"][template]["get"]["responses"][str(answer.status_code)]["content"]["application/json"]
        validate(document, answer.json(), schema["schema"])
    problem = service.client.get(f"/status/{'0' * 32}")
    schema = document["paths"]["/status/{job_id}"]["get"]["responses"]["404"]["content"]["application/problem+json"]
    validate(document, problem.json(), schema["schema"])


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/dead-letters", "DELETE, GET"), ("/dead-letters/requeue", "POST"), ("/dead-letters/x", "DELETE, GET")],
)
def test_a_wrong_method_is_told_all_that_are_right(service: Service, path: str, methods: str) -> None:
    answer = service.client.patch(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


def test_a_last_event_that_is_too_long_is_documented(service: Service, document: dict[str, Any]) -> None:
    answer = service.client.get(f"/events/{'0' * 32}", headers={"Last-Event-ID": "0" * 61})
    assert answer.status_code == 422
    assert "422" in document["paths"]["/events/{job_id}"]["get"]["responses"]


def test_the_document_has_a_page(service: Service) -> None:
    assert "/openapi.json" in service.client.get("/docs").text
