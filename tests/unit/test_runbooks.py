"""The runbooks name commands, routes, settings and lines of the log that exist."""

import re
import shlex
from itertools import pairwise

import pytest
from fastapi.routing import APIRoute

from api.routes import dead_letters, jobs, operations, webhooks
from api.settings import GatewaySettings
from cli.main import imported_command
from cli.settings import UpSettings
from core.errors import FailureCode, ScriptoriumError
from tests.harness.service import REPOSITORY
from worker.settings import WorkerSettings

PAGE = (REPOSITORY / "docs" / "operations" / "runbooks.md").read_text(encoding="utf-8")
SPANS = [*re.findall(r"(?<!`)`([^`\n]+)`", PAGE), *re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)]
COMMANDS = sorted({span for span in SPANS if span.startswith("scriptorium ")})
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for part in ("api", "core", "worker") for path in (REPOSITORY / part).rglob("*.py")
)
ROUTES = {
    route.path
    for routes in (dead_letters, jobs, operations, webhooks)
    for route in routes.router.routes
    if isinstance(route, APIRoute)
}
SETTINGS = {name.upper() for process in (GatewaySettings, WorkerSettings, UpSettings) for name in process.model_fields}
NO_SETTINGS = {"SCRIPTORIUM_SERVER", "SCRIPTORIUM_API_KEY", "REDISCLI_AUTH", "JOB_ID"}
"""Other names in capitals."""


def codes() -> set[str]:
    def below(kind: type[ScriptoriumError]) -> set[str]:
        return {kind.code}.union(*(below(kin) for kin in kind.__subclasses__()))

    return below(ScriptoriumError) | set(FailureCode)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists_with_its_options(command: str) -> None:
    _, name, *words = shlex.split(command)
    node = imported_command(name)
    while words and (subcommands := getattr(node, "commands", None)):
        node = subcommands[words.pop(0)]
    known = {option for parameter in node.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    failures = [value for option, value in pairwise(words) if option == "--failure"]
    assert set(failures) <= set(FailureCode)


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 5


def test_a_route_exists() -> None:
    named = re.findall(r"\$SCRIPTORIUM_SERVER(/[\w/{}]+)|(?:GET|POST|DELETE) (/[\w/{}]+)", "\n".join(SPANS))
    assert len(named) > 3
    assert {one or other for one, other in named} <= ROUTES


def test_a_line_of_the_log_exists() -> None:
    looked_for = {
        word
        for span in SPANS
        if (searched := re.search(r"grep (.+)$", span))
        for word in re.findall(r"\b[a-z]+_[a-z_]+\b", searched[1])
    }
    assert len(looked_for) > 5
    assert {word for word in looked_for if f'"{word}"' not in SOURCES} == set()


def test_a_setting_exists() -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", "\n".join(SPANS)))
    assert named - NO_SETTINGS <= SETTINGS


def test_a_code_exists() -> None:
    rows = re.findall(r"^\| (?:503 |507 )?`([a-z_]+)` \|", PAGE, re.MULTILINE)
    assert len(rows) > 5
    assert set(rows) <= codes()
