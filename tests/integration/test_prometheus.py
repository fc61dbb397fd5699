"""Prometheus as it is shipped: its rules, every alert's cases and runbook, and the dashboards' queries on real data."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cli.ports import free_port
from core.errors import FailureCode
from tests.harness.cluster import Cluster
from tests.harness.dashboards import queries
from tests.harness.exporters import MADE_UP, made_up, nginx_exporter, nginx_status, redis_exporter
from tests.harness.prometheus import DEPLOYED, Prometheus, Series
from tests.harness.receiver import Receiver
from tests.harness.servers import skip_unless_ci
from tests.harness.service import FINISHED, REPOSITORY, until
from tests.media import clip, silence_wav, truncated_flac

RUNBOOKS = REPOSITORY / "docs" / "operations" / "runbooks.md"
QUERIES = queries(REPOSITORY / "deploy" / "grafana" / "dashboards")
CASES = sorted((DEPLOYED / "tests").glob("*.yml"))
FRESH = {"Cache-Control": "no-cache"}
WEBHOOK_SECRET = "whsec_c2NyaXB0b3JpdW0tc2NyaXB0b3JpdW0tMDE="  # noqa: S105 - of nobody


def rules() -> list[dict[str, Any]]:
    files = sorted((DEPLOYED / "rules").glob("*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


EXPRESSIONS = [*(query.expression for query in QUERIES), *(rule["expr"] for rule in rules())]
ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


def cases() -> list[dict[str, Any]]:
    return [case for file in CASES for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]]


def promtool(*arguments: str | Path) -> None:
    binary = shutil.which("promtool")
    if binary is None:
        skip_unless_ci("promtool")
    done = subprocess.run([str(binary), *arguments], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_and_its_rules_are_valid() -> None:
    promtool("check", "config", "--lint=all", "--lint-fatal", DEPLOYED / "prometheus.yml")


def test_every_alert_fires_when_it_should_and_only_then() -> None:
    promtool("test", "rules", *CASES)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_a_case_that_fires_and_one_that_does_not(alert: str) -> None:
    expected = [
        bool(check["exp_alerts"])
        for case in cases()
        if case["input_series"]  # of nothing, nothing would fire anyhow
        for check in case["alert_rule_test"]
        if check["alertname"] == alert
    ]
    assert set(expected) == {True, False}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_it_is_and_has_a_chapter_in_the_runbook(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["for"]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/operations/runbooks.md#{alert.lower()}"
    headings = re.findall(r"^## (\w+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings.count(alert) == 1


def test_the_runbook_has_no_chapter_of_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^## ([A-Z]\w+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)) == set(ALERTS)


def test_errors_of_ours_are_all_that_neither_the_media_nor_their_url_is_to_blame_for() -> None:
    (rule,) = [rule for rule in rules() if rule.get("record") == "transcription:attempt_errors:share15m"]
    (excepted,) = re.findall(r'code!~"([^"]+)"', rule["expr"])
    assert {code for code in FailureCode if re.fullmatch(excepted, code)} == {
        code for code in FailureCode if code.is_media_fault or code is FailureCode.URL_UNREACHABLE
    }


def test_a_service_that_is_gone_is_missed_whichever_it_is() -> None:
    scraped = yaml.safe_load((DEPLOYED / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert set(re.findall(r'absent\(up\{job="(\w+)"\}\)', ALERTS["ServiceGone"]["expr"])) == {
        job["job_name"] for job in scraped
    }


@dataclass(frozen=True, slots=True)
class Stack:
    """The service at work, and the Prometheus that watches it."""

    cluster: Cluster
    receiver: Receiver
    prometheus: Prometheus

    def post(self, media: bytes, **options: str) -> str:
        """Post a file to be transcribed whatever was done before; return the job's id."""
        answer = self._ask("POST", "/transcribe", files={"file": ("a", media)}, data=options, headers=FRESH)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def finished(self, job_id: str) -> str:
        """Wait for a job's end; return its status."""

        def look() -> str | None:
            status: str = self._ask("GET", f"/status/{job_id}", params={"wait": "5"}).json()["status"]
            return status if status in FINISHED else None

        return until(look, 60, self.cluster.log_tails)

    def have_everything_happen(self) -> None:
        """Do once what the panels count."""
        hook = {"webhook_url": self.receiver.url("/hook")}
        heard = self.post(clip("kitchen").read_bytes(), **hook)
        assert self.finished(heard) == "completed"
        self._ask("POST", f"/result/{heard}/corrections", json={"text": "Something else was said."}).raise_for_status()
        assert self.finished(self.post(truncated_flac(), **hook)) == "failed"
        self._ask("POST", "/transcribe", json={"url": self.receiver.url("/no-audio")})
        for _ in range(2):  # the second is answered from the first one's result
            self._ask("POST", "/transcribe", files={"file": ("a", clip("garden").read_bytes())})
        assert self._ask("GET", "/status/unknown").status_code == httpx.codes.NOT_FOUND
        # Its worker dies of it, and no other takes jobs of this lane: it goes back to the queue and waits there.
        self.post(silence_wav(30), model="tiny", initial_prompt="scripted:die@10")

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        return httpx.request(method, f"{self.cluster.base_url()}{path}", trust_env=False, timeout=30, **content)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("watched")
    ports = {name: free_port() for name in ("base", "tiny")}
    with ExitStack() as exits:
        receiver = exits.enter_context(Receiver())
        cluster = exits.enter_context(
            Cluster(
                folder / "service",
                LEASE_SECONDS="2",
                HEARTBEAT_SECONDS="0.5",
                REAP_SECONDS="1",
                WEBHOOK_SECRET=WEBHOOK_SECRET,
                OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
            )
        )
        cluster.start(workers=0, gateways=1, beat=True)
        # Nobody is there to do a job: 503.
        assert httpx.get(f"{cluster.base_url()}/health/ready", trust_env=False).is_server_error
        cluster.start_worker(METRICS_PORT=str(ports["base"]))
        cluster.start_worker(METRICS_PORT=str(ports["tiny"]), MODEL_SIZE="tiny", TRANSCRIBER="scripted")
        cluster.await_ready()
        targets = {
            "gateway": [cluster.base_url().removeprefix("http://")],
            "worker": [f"127.0.0.1:{port}" for port in ports.values()],
            "beat": [exits.enter_context(made_up())],
            "redis": [exits.enter_context(redis_exporter(cluster.valkey_url, folder))],
            "nginx": [exits.enter_context(nginx_exporter(exits.enter_context(nginx_status(folder)), folder))],
        }
        stack = Stack(cluster, receiver, exits.enter_context(Prometheus(folder, targets)))
        until(lambda: healths(stack) == {"up"} or None, 30, lambda: str(stack.prometheus.targets()))
        stack.have_everything_happen()
        yield stack


def healths(stack: Stack) -> set[str]:
    return {target["health"] for target in stack.prometheus.targets()}


def is_drawn(drawn: list[Series]) -> bool:
    """Tell whether a panel shows something that happened: `none` is what it shows until then."""
    return any("none" not in series.labels.values() for series in drawn)


def test_every_panel_has_data(stack: Stack) -> None:
    def all_drawn() -> bool | None:
        # Rates and quantiles want something new between two scrapes.
        for media in (clip("garden").read_bytes(), truncated_flac()):
            stack.finished(stack.post(media))
        missing[:] = [query for query in missing if not is_drawn(stack.prometheus.since_the_start(query.expression))]
        return not missing or None

    missing = list(QUERIES)
    until(all_drawn, 60, lambda: "\n".join(map(str, missing)))


def test_every_metric_that_is_asked_for_exists(stack: Stack) -> None:
    asked = {
        re.sub("_(bucket|sum|count)$", "", name)  # of a histogram
        for expression in EXPRESSIONS
        for name in re.findall(r"\b(?:transcription|redis|nginx)_\w+", expression)
    }
    assert asked - set(stack.prometheus.families()) == set()


def test_what_is_made_up_is_told_by_nobody_else(stack: Stack) -> None:
    families = stack.prometheus.families()
    assert {name for name in MADE_UP if families[name] != {"beat"}} == set()


def test_every_rule_can_be_evaluated(stack: Stack) -> None:
    def all_evaluated() -> list[dict[str, Any]] | None:
        found = stack.prometheus.rules()
        return found if all(rule["health"] != "unknown" for rule in found) else None

    evaluated = until(all_evaluated, 30)
    assert {rule["name"]: rule["lastError"] for rule in evaluated if rule["health"] != "ok"} == {}
    assert {rule["name"] for rule in evaluated} == {rule.get("alert", rule.get("record")) for rule in rules()}
