"""What the latest run of the golden set came to, as Prometheus metrics."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.golden import GoldenRun


class GoldenMetrics(Collector):
    """Tells of the run that it was last shown; nothing before."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.failures = Counter(
            "transcription_golden_failures_total",
            "Runs of the golden set that failed",
            registry=registry,
        )
        self._latest: tuple[GoldenRun, GoldenRun | None] | None = None
        registry.register(self)

    def show(self, run: GoldenRun, *, baseline: GoldenRun | None) -> None:
        """Tell of a run, and of how it differs from the baseline."""
        self._latest = run, baseline if baseline and baseline.is_comparable_with(run) else None

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        if self._latest is None:
            return
        run, baseline = self._latest
        wer = GaugeMetricFamily(
            "transcription_golden_wer", "Word error rate of the golden set's references", labels=["language"]
        )
        cer = GaugeMetricFamily(
            "transcription_golden_cer", "Character error rate of the golden set's references", labels=["language"]
        )
        change = GaugeMetricFamily(
            "transcription_golden_wer_change", "Word error rate minus that of the baseline", labels=["language"]
        )
        for language, rates in run.languages.items():
            wer.add_metric([language], rates.wer)
            cer.add_metric([language], rates.cer)
            if baseline and language in baseline.languages:
                change.add_metric([language], rates.wer - baseline.languages[language].wer)
        yield from (wer, cer, change)
        yield GaugeMetricFamily(
            "transcription_golden_last_run_timestamp_seconds",
            "When the latest whole run of the golden set ended",
            value=run.started_at.timestamp() + run.seconds,
        )
