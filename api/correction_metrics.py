"""How much people correct: what the gateways know of it in Redis, as Prometheus metrics.

Every gateway tells the same numbers, those of the whole installation.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from api.correction_store import CorrectionTotals


def correction_metrics(totals: CorrectionTotals, *, results: int) -> Iterator[Metric]:
    """Yield how much was corrected of so many results."""
    yield CounterMetricFamily(
        "transcription_corrections", "Requests that corrected a transcript", value=totals.submissions
    )
    yield CounterMetricFamily(
        "transcription_corrected_jobs", "Jobs whose transcript somebody has corrected or found right", value=totals.jobs
    )
    yield CounterMetricFamily("transcription_results", "Jobs that were completed", value=results)
    if totals.words:
        yield GaugeMetricFamily(
            "transcription_human_correction_rate",
            "Words that people changed per word of the transcripts that they have corrected or found right",
            value=totals.edits / totals.words,
        )
