"""The TypeScript client: its types are the gateway's, its code is in order, and it does what it says."""

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from cli.ports import free_port
from tests.harness.node import NodeProject
from tests.harness.process_tree import running
from tests.harness.servers import skip_unless_ci
from tests.harness.service import Service
from tests.harness.typescript_client import SOURCE, TYPES, generated_types
from tests.media import clip, silence_wav

ADMIN_KEY = "k" * 40
PAGE_PORT = free_port()


@pytest.fixture(scope="module")
def project() -> NodeProject:
    """The client and its tests, checked by the compiler and built, with the example of the README beside them."""
    built = NodeProject(SOURCE)
    readme = (SOURCE / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```ts\n")[2].partition("```")[0]
    (built.folder / "test" / "readme.ts").write_text(example, encoding="utf-8")
    built.run("npm", "run", "build")
    built.run("npx", "tsc", "-p", "test")
    return built


@pytest.fixture(scope="module")
def keyed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the scripted transcriber, which asks for a key and lets the tests' page in."""
    with Service(
        tmp_path_factory.mktemp("keyed"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.05",
        WORKER_CONCURRENCY="2",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        MAX_FILE_SIZE_MB="2",
        CORS_ORIGINS=f"http://127.0.0.1:{PAGE_PORT}",
    ) as running:
        running.client.headers["Authorization"] = f"Bearer {ADMIN_KEY}"
        yield running


def variables(service: Service) -> dict[str, str]:
    """Return what the tests in the client's folder are told of a service."""
    return {"SCRIPTORIUM_URL": str(service.client.base_url), "SCRIPTORIUM_API_KEY": ADMIN_KEY}


def test_the_types_are_those_of_the_present_document(project: NodeProject) -> None:
    assert generated_types(project) == TYPES.read_text(encoding="utf-8"), (
        "run python -m tests.harness.typescript_client"
    )


def test_the_style_is_in_order(project: NodeProject) -> None:
    project.run("npm", "run", "lint", seconds=240)


def test_it_holds_against_the_service_in_node(project: NodeProject, keyed_service: Service) -> None:
    told = project.run(
        "node", "--test", "build/jobs.test.js", "build/faults.test.js", variables=variables(keyed_service)
    )
    assert re.search(r"^# pass [1-9]\d", told, re.MULTILINE), told


def test_it_holds_against_the_service_in_a_browser(project: NodeProject, keyed_service: Service) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        skip_unless_ci("chromium")
    page = {"CHROMIUM": chromium, "SCRIPTORIUM_PAGE_PORT": str(PAGE_PORT)}
    told = project.run("node", "--test", "build/browser.test.js", variables={**variables(keyed_service), **page})
    assert re.search(r"^# pass 1$", told, re.MULTILINE), told


def test_the_readme_does_what_it_says(project: NodeProject, keyed_service: Service) -> None:
    address, key = variables(keyed_service).values()
    told = project.run("node", "build/readme.js", address, str(clip("garden")), variables={"SCRIPTORIUM_API_KEY": key})
    assert re.search(r"^\d+ of \d+$", told, re.MULTILINE), told
    assert re.search(r"^0 Segment 1", told, re.MULTILINE), told
    assert re.search(r"^1\n00:00:00,000 --> .*\nSegment 1", told, re.MULTILINE), told
    assert "job_not_found" not in told


def test_a_gateway_that_is_killed_costs_a_stream_no_event_and_doubles_none(
    project: NodeProject, keyed_service: Service
) -> None:
    job_id = keyed_service.submit(silence_wav(100, rate=4000))
    told: list[dict[str, Any]] = []
    blows = {5: signal.SIGTERM, 12: signal.SIGKILL}
    for event in map(json.loads, project.lines("node", "build/follow.js", job_id, variables=variables(keyed_service))):
        told.append(event)
        if event["event"] == "segment" and (blow := blows.pop(event["data"]["id"], None)):
            os.kill(gateway(keyed_service), blow)
    assert not blows
    assert [event["data"]["id"] for event in told if event["event"] == "segment"] == list(range(1, 21))
    lasting = [event["id"] for event in told if event.get("id")]
    assert len(set(lasting)) == len(lasting)
    assert told[-1]["data"]["status"] == "completed"


def gateway(service: Service) -> int:
    """Return the process id of the gateway."""
    (found,) = running(service.process_id, "api")
    return found
