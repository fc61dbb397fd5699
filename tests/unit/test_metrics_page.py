"""The page of metrics names just those that processes serve, each with its type and its labels."""

import re

import pytest
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector, CollectorRegistry

from api.metrics import GatewayMetrics
from api.store_metrics import StoreMetrics
from tests.harness.service import REPOSITORY
from tests.unit.test_gateway_metrics import READING
from worker.metrics import BeatMetrics, WorkerMetrics

PAGE = (REPOSITORY / "docs" / "operations" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| `(\w+)` \| (\w+)(?:, (own|read))? \| (.*?) \| .+ \|")

Documented = set[tuple[str, str, str | None, frozenset[str]]]
"""Name, type, whether it is a gateway's own or read, and labels."""


def documented(section: str) -> Documented:
    table = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    found = [ROW.fullmatch(row) for row in rows]
    assert None not in found, rows
    return {(row[1], row[2], row[3], frozenset(re.findall(r"`(\w+)`", row[4]))) for row in found if row}


def served(collector: Collector, kind: str | None = None) -> Documented:
    return {
        (f"{metric.name}_total" if metric.type == "counter" else metric.name, metric.type, kind, labels)
        for metric, labels in families(collector)
    }


def families(collector: Collector) -> list[tuple[Metric, frozenset[str]]]:
    metrics = list(collector.collect())
    if isinstance(collector, StoreMetrics):
        return [(metric, frozenset(*{tuple(sample.labels) for sample in metric.samples})) for metric in metrics]
    assert isinstance(collector, CollectorRegistry)
    made = [each for each in set(collector._names_to_collectors.values()) if isinstance(each, MetricWrapperBase)]  # noqa: SLF001 - the library tells labels only with samples
    labels = {each.describe()[0].name: frozenset(each._labelnames) for each in made}  # noqa: SLF001
    return [(metric, labels[metric.name]) for metric in metrics]


@pytest.mark.parametrize(
    ("section", "metrics"),
    [
        (
            "Gateway",
            served(GatewayMetrics().registry, "own") | served(StoreMetrics(READING, media_free_bytes=1), "read"),
        ),
        ("Worker", served(WorkerMetrics().registry)),
        ("Beat", served(BeatMetrics().registry)),
    ],
)
def test_the_page_names_what_is_served_and_nothing_else(section: str, metrics: Documented) -> None:
    assert documented(section) == metrics
