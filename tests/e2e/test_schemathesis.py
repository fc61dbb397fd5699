"""Schemathesis over the whole OpenAPI document: no 5xx, and no answer that the document does not tell of.

Whatever the document holds is tried, with valid and with invalid data; what a route needs beyond it (ids of real jobs,
bounds for calls that wait) is put in here.
"""

import random
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.engine.events import ScenarioFinished
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from core.errors import OutboundFailure
from core.user_urls import UrlPolicy
from tests.harness.file_server import File, FileServer
from tests.harness.service import Service
from tests.media import garbage, silence_wav

_SEED = 16
_EXAMPLES = 50
"""Of the fuzzing phase, for each operation; the coverage phase makes all that the schemas call for."""
_MADE_UP = 0.2
"""The share of job ids that are left as they were made up."""
_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 60.0
_MUST_BE_TRIED = 500
"""Requests, or the schemas have not been understood."""

_UNFILTERED_FILE = "Unsupported type: 'Binary'"
"""A fault of Schemathesis 4.32's own: where a form with a file needs a filter, its validator can't look at the file,
and it draws no more forms. Whether it gets there depends on what it draws, and that on the modules that are loaded."""

_CONFIGURATION = {
    "seed": _SEED,
    "continue-on-failure": True,
    "request-timeout": 20,
    # More threads draw other cases each time, and hit a SystemError of CPython 3.11's where two parse Python at once.
    "workers": 1,
    "generation": {"deterministic": True, "max-examples": _EXAMPLES},
    "checks": {
        # A schema can't say what is audio, what a cursor looks like, or which options exclude each other.
        "positive_data_acceptance": {"enabled": False},
        # Other requests erase and requeue meanwhile.
        "use_after_free": {"enabled": False},
        "ensure_resource_availability": {"enabled": False},
    },
    "operations": [
        # Every field of a form is text: an object where text belongs is the text "{}".
        {"include-path": "/transcribe", "checks": {"negative_data_rejection": {"enabled": False}}}
    ],
}


class Jobs:
    """Jobs of every status, whose ids take the place of most that are made up, and a URL that takes that of others'."""

    def __init__(self, service: Service, url: str) -> None:
        self._url = url
        self._random = random.Random(_SEED)
        short, hour = silence_wav(0.1), silence_wav(3600, rate=100)
        self._finished = [service.submit(short) for _ in range(30)]
        self._finished += [service.submit(garbage(number, 200)) for number in range(15)]
        for _ in range(5):
            self._finished.append(service.submit(hour))
            service.client.delete(f"/job/{self._finished[-1]}")
        self._unfinished = [service.submit(hour) for _ in range(3)]
        for job_id in self._finished:
            service.finished(job_id)

    def put_in(
        self, _context: schemathesis.HookContext, case: "schemathesis.Case[Any]", _kwargs: dict[str, Any]
    ) -> None:
        """Have a request concern a real job, and end."""
        if "job_id" in case.path_parameters and self._random.random() > _MADE_UP:
            # An event stream ends with its job.
            endless = case.path.startswith("/events")
            jobs = self._finished if endless else self._finished + 10 * self._unfinished
            case.path_parameters["job_id"] = self._random.choice(jobs)
        if _is_valid_wait(case.query.get("wait")):
            case.query["wait"] = _WAIT_SECONDS
        for name in ("url", "audio_url"):
            if isinstance(case.body, dict) and _is_taken(case.body.get(name)):
                case.body[name] = self._url


@dataclass
class Findings:
    """What the requests came to."""

    answers: Counter[str] = field(default_factory=Counter)
    """How often each operation was answered with each status."""
    failures: dict[str, str] = field(default_factory=dict)
    """Each kind of failure, with the first request that showed it."""

    def note(self, scenario: ScenarioFinished) -> None:
        """Add a scenario of the engine's."""
        for interaction in scenario.recorder.interactions.values():
            answer = interaction.response.status_code if interaction.response else "no answer"
            self.answers[f"{scenario.recorder.label}: {answer}"] += 1
        for check in (check for checks in scenario.recorder.checks.values() for check in checks):
            if (found := check.failure_info) is not None:
                kind = f"{found.failure.operation}, {check.name}: {found.failure.title}"
                self.failures.setdefault(kind, f"{found.failure.message[:600]}\n{found.code_sample[:1500]}")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own: dead letters are purged here, whosesoever they are."""
    with Service(
        tmp_path_factory.mktemp("schemathesis"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.05",
        MAX_FILE_SIZE_MB="1",
        RATE_LIMIT_SUBMIT="1000000/minute",
        RATE_LIMIT_READ="1000000/minute",
        OUTBOUND_ALLOWED_NETWORKS="127.0.0.1",
    ) as running:
        yield running


@pytest.fixture
def jobs(service: Service) -> Iterator[Jobs]:
    with FileServer(lambda _: File.of(silence_wav(0.1))) as server:
        jobs = Jobs(service, server.url())
        hook = GLOBAL_HOOK_DISPATCHER.register_hook_with_name(jobs.put_in, "before_call")
        yield jobs
        GLOBAL_HOOK_DISPATCHER.unregister(hook)
        assert server.asked


@pytest.mark.usefixtures("jobs")
def test_every_answer_is_one_that_the_document_tells_of(service: Service) -> None:
    schema = schemathesis.openapi.from_url(
        f"http://127.0.0.1:{service.port}/openapi.json", config=schemathesis.Config.from_dict(_CONFIGURATION)
    )
    findings = Findings()
    errors: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            findings.note(event)
        elif isinstance(event, events.NonFatalError) and str(event.value) != _UNFILTERED_FILE:
            errors += traceback.format_exception(event.value)
        elif isinstance(event, events.FatalError):
            errors += traceback.format_exception(event.exception)
    report = "\n\n".join(f"{kind}\n{shown}" for kind, shown in findings.failures.items())
    assert not findings.failures, f"{len(findings.failures)} kinds of failure in {findings.answers}\n{report}"
    assert not errors, "".join(errors)
    assert findings.answers.total() > _MUST_BE_TRIED
    untried = {label for label in _operations(service) if not any(each.startswith(label) for each in findings.answers)}
    assert not untried


def _operations(service: Service) -> set[str]:
    paths = service.client.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def _is_taken(url: object) -> bool:
    """Tell whether the service would ask a URL: no host that was made up is."""
    try:
        UrlPolicy().checked_url(str(url))
    except OutboundFailure:
        return False
    return isinstance(url, str)


def _is_valid_wait(value: object) -> bool:
    try:
        return _WAIT_SECONDS < float(str(value)) <= _LONGEST_WAIT_SECONDS
    except ValueError:
        return False
