"""The real Prometheus on loopback with the shipped configuration and rules; only addresses and times are the test's."""

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from cli.ports import free_port
from tests.harness.processes import ServerProcess
from tests.harness.servers import skip_unless_ci
from tests.harness.service import REPOSITORY, environment, until

DEPLOYED = REPOSITORY / "deploy" / "prometheus"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Series:
    """What a query returned of one series."""

    labels: Mapping[str, str]
    values: Sequence[float]
    """Finite ones only: `NaN` is what a quantile of nothing is."""


class Prometheus:
    """A server that runs within `with`."""

    def __init__(self, folder: Path, targets: Mapping[str, Sequence[str]], *, scrape_interval: str = "1s") -> None:
        """Take the targets, `host:port`, of each job of the shipped configuration. Skip, or in CI fail, without it."""
        binary = shutil.which("prometheus")
        if binary is None:
            skip_unless_ci("prometheus")
        self._folder = folder
        port = free_port()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        configuration = folder / "prometheus.yml"
        configuration.write_text(yaml.safe_dump(_adapted(targets, scrape_interval)))
        self._command = [
            str(binary),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        self._process: ServerProcess | None = None
        self._started_at = 0.0

    def __enter__(self) -> Self:
        self._started_at = time.time()
        self._process = ServerProcess.start("prometheus", self._command, environment(), self._folder / "prometheus.log")
        try:
            until(self._is_ready, _START_SECONDS, self._process.log_tail)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)
        self.client.close()

    def since_the_start(self, expression: str) -> list[Series]:
        """Return what a panel that shows everything since the start would draw."""
        now = time.time()
        answer = self._get("query_range", query=expression, start=self._started_at, end=now, step=1)
        drawn = [
            Series(series["metric"], [value for _, text in series["values"] if math.isfinite(value := float(text))])
            for series in answer["result"]
        ]
        return [series for series in drawn if series.values]

    def targets(self) -> list[dict[str, Any]]:
        """Return the targets as its API tells of them: `labels`, `health`, `lastError`."""
        found: list[dict[str, Any]] = self._get("targets", state="active")["activeTargets"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules as its API tells of them: `name`, `health`, `lastError`, `lastEvaluation`."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def families(self) -> dict[str, set[str]]:
        """Return the metrics that the targets declare, with or without a series, and the jobs that declare each.

        Of Prometheus' two text formats one declares a counter without its `_total`.
        """
        found: dict[str, set[str]] = {}
        for entry in self._get("targets/metadata"):
            counter = [f"{entry['metric']}_total"] if entry["type"] == "counter" else []
            for name in (entry["metric"], *counter):
                found.setdefault(name, set()).add(entry["target"]["job"])
        return found

    def _get(self, path: str, **parameters: str | float) -> Any:  # noqa: ANN401 - each call has a shape of its own
        answer = self.client.get(f"/api/v1/{path}", params=parameters)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def _is_ready(self) -> bool | None:
        assert self._process is not None
        assert self._process.is_running, self._process.log_tail()
        try:
            return self.client.get("/-/ready").is_success or None
        except httpx.TransportError:
            return None


def _adapted(targets: Mapping[str, Sequence[str]], interval: str) -> dict[str, Any]:
    shipped: dict[str, Any] = yaml.safe_load((DEPLOYED / "prometheus.yml").read_text(encoding="utf-8"))
    assert {job["job_name"] for job in shipped["scrape_configs"]} == set(targets)
    for job in shipped["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": list(targets[job["job_name"]])}]
    shipped["global"] = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}
    shipped["rule_files"] = [str(DEPLOYED / pattern) for pattern in shipped["rule_files"]]
    return shipped
