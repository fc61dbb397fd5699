"""The page of metrics names just those that processes serve, each with its type and its labels."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from api.metrics import GatewayMetrics
from api.store_metrics import StoreMetrics
from core.golden import ErrorRates, GoldenRun
from tests.harness.service import REPOSITORY
from tests.unit.test_gateway_metrics import READING
from worker.golden.metrics import GoldenMetrics
from worker.metrics import BeatMetrics, WorkerMetrics

PAGE = (REPOSITORY / "docs" / "operations" / "metrics.md").read_text(encoding="utf-8")

Rows = set[tuple[str, str, frozenset[str]]]
"""Name, type, of the gateway's with `own` or `read`, and labels."""


def documented(section: str) -> Rows:
    table = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {
        (name.strip(" `"), kind.strip(), frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in rows
    }


def kept(metrics: object, suffix: str = "") -> Rows:
    """Return the rows of what a process counts itself."""
    made = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    assert made
    # Without a sample the library tells no labels.
    rows = [(each.describe(), each._labelnames) for each in made]  # noqa: SLF001
    return {_row(metric.name, metric.type, labels, suffix) for (metric,), labels in rows}


def read() -> Rows:
    """Return the rows of what a gateway reads at the scrape."""
    metrics = StoreMetrics(READING, media_free_bytes=1).collect()
    return {_row(metric.name, metric.type, metric.samples[0].labels, ", read") for metric in metrics}


def golden() -> Rows:
    """Return the rows of what beat tells of the golden set."""
    metrics = GoldenMetrics(CollectorRegistry())
    rates = ErrorRates(wer=0.1, cer=0.1, words=10, references=1)
    run = GoldenRun(
        set_digest="0", model="base", version="0", started_at=datetime.now(UTC), seconds=1, languages={"en": rates}
    )
    metrics.show(run, baseline=run)
    failures = {("transcription_golden_failures_total", "counter", frozenset[str]())}
    return {_row(metric.name, metric.type, metric.samples[0].labels, "") for metric in metrics.collect()} | failures


def _row(name: str, kind: str, labels: Iterable[str], suffix: str) -> tuple[str, str, frozenset[str]]:
    return f"{name}_total" if kind == "counter" else name, kind + suffix, frozenset(labels)


@pytest.mark.parametrize(
    ("section", "rows"),
    [
        ("Gateway", kept(GatewayMetrics(), ", own") | read()),
        ("Worker", kept(WorkerMetrics())),
        ("Beat", kept(BeatMetrics())),
        ("Golden set", golden()),
    ],
)
def test_the_page_names_what_is_served_and_nothing_else(section: str, rows: Rows) -> None:
    assert documented(section) == rows
