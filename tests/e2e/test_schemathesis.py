"""Schemathesis over the whole OpenAPI document: no 5xx, and no answer that the document does not tell of.

Whatever the document holds is tried, with valid and with invalid data; what a route needs beyond it (ids of real jobs,
bounds for calls that wait) is put in here.
"""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import events, from_schema

from tests.harness.service import Service
from tests.media import garbage, silence_wav

_SEED = 16
_EXAMPLES = 30
"""Of the fuzzing phase, for each operation; the coverage phase makes what the schemas call for, some 1,700 cases."""
_MOST_WAIT_SECONDS = 0.1
_FINISHED = {"completed": 40, "failed": 20, "cancelled": 5}
"""How many jobs there are to ask for: routes that erase them use them up."""

_CONFIGURATION = {
    "seed": _SEED,
    "continue-on-failure": True,
    "request-timeout": 20,
    "workers": 4,
    "generation": {"deterministic": True, "max-examples": _EXAMPLES},
    "checks": {
        # A schema can't say what is audio, what a cursor looks like, or which options exclude each other.
        "positive_data_acceptance": {"enabled": False},
        # Other requests erase and requeue meanwhile.
        "use_after_free": {"enabled": False},
        "ensure_resource_availability": {"enabled": False},
    },
}


class Jobs:
    """Jobs of every status, whose ids take the place of most that are made up."""

    def __init__(self, service: Service) -> None:
        self._random = random.Random(_SEED)
        wav = silence_wav(0.1)
        self.finished = [service.submit(wav) for _ in range(_FINISHED["completed"])]
        self.finished += [service.submit(garbage(number, 200)) for number in range(_FINISHED["failed"])]
        minutes = silence_wav(300, rate=1_000)
        for _ in range(_FINISHED["cancelled"]):
            self.finished.append(service.submit(minutes))
            service.client.delete(f"/job/{self.finished[-1]}")
        self.unfinished = [service.submit(wav, initial_prompt="scripted:hang") for _ in range(3)]
        for job_id in self.finished:
            service.finished(job_id)

    def chance(self) -> float:
        return self._random.random()

    def some(self, *, also_unfinished: bool) -> str:
        """Return the id of a job."""
        return self._random.choice(self.finished + self.unfinished * 5 * also_unfinished)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("schemathesis"), TRANSCRIBER="scripted", SCRIPTED_RTF="0.01", MAX_FILE_SIZE_MB="1"
    ) as running:
        yield running


def test_every_answer_is_one_that_the_document_tells_of(service: Service) -> None:
    jobs = Jobs(service)
    schema = schemathesis.openapi.from_url(
        f"http://127.0.0.1:{service.port}/openapi.json", config=schemathesis.Config.from_dict(_CONFIGURATION)
    )

    def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _kwargs: dict[str, Any]) -> None:
        parameters, query = case.path_parameters or {}, case.query or {}
        if "job_id" in parameters and jobs.chance() < 0.8:
            # An event stream ends with its job.
            case.path_parameters = parameters | {"job_id": jobs.some(also_unfinished="event" not in case.path)}
        try:
            if float(query.get("wait", 0)) > _MOST_WAIT_SECONDS and float(query["wait"]) <= 60:
                case.query = query | {"wait": _MOST_WAIT_SECONDS}
        except (TypeError, ValueError):
            pass

    schemathesis.hook(before_call)
    statuses: Counter[str] = Counter()
    failures: dict[str, str] = {}
    problems: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            problems.append(str(event))
        elif isinstance(event, events.ScenarioFinished):
            for case_id, interaction in event.recorder.interactions.items():
                node = event.recorder.cases.get(case_id)
                label = node.value.operation.label if node else event.label
                statuses[f"{label} {interaction.response.status_code if interaction.response else 'no answer'}"] += 1
            for checks in event.recorder.checks.values():
                for check in checks:
                    if check.failure_info is not None:
                        info = check.failure_info
                        failures.setdefault(
                            f"{info.failure.operation} {check.name} {info.failure.title}",
                            f"{info.failure.message[:600]}\n{info.code_sample[:1500]}",
                        )
    for k in sorted(statuses): print(k, statuses[k])
    report = "\n\n".join(f"{name}\n{what}" for name, what in failures.items())
    assert not failures, f"{len(failures)} failures\n{report}"
    assert not problems, problems
