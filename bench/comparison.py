"""Several systems over one workload: by turns, round after round, so that whatever else the machine does meets all."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence

from bench.scoring import word_error_percent
from bench.systems import Run, System
from bench.workloads import Workload

COLUMNS = [
    *("workload", "system", "clients", "n", "wall s", "audio s/s", "p50 s", "p95 s", "peak MiB"),
    *("WER %", "English WER %", "client %"),
]
"""Of `Comparison.rows`."""


class Comparison:
    """The runs of some systems over one workload; every figure is a median of a system's runs."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self._runs: dict[tuple[str, str], list[Run]] = defaultdict(list)

    def measure(self, always: Sequence[System], once: Sequence[System] = (), *, rounds: int) -> None:
        """Have systems transcribe the workload by turns, some of them in every round, others in the first alone."""
        for number in range(rounds):
            for system in [*always, *(once if number == 0 else ())]:
                run = system.transcribe(self.workload.clips)
                self._runs[system.name, system.clients].append(run)
                rate = f"{run.audio_seconds_per_second:.1f} audio s/s"
                print(
                    f"  {self.workload.name}, round {number + 1}: {system.name}, {system.clients}: {rate}", flush=True
                )

    def rate(self, system: System) -> float:
        """Return a system's audio seconds per second."""
        return statistics.median(run.audio_seconds_per_second for run in self._runs[system.name, system.clients])

    def error_rate(self, system: System) -> float:
        """Return a system's word error rate over all references, in percent."""
        return statistics.median(map(_error_rate, self._runs[system.name, system.clients]))

    def differing(self, *systems: System) -> int:
        """Return how many clips didn't get the same words from all runs of these systems."""
        runs = [run for system in systems for run in self._runs[system.name, system.clients]]
        return sum(len({run.texts[clip.id].strip() for run in runs}) > 1 for clip in self.workload.clips)

    def rows(self) -> list[list[str]]:
        """Return a row for each system, as `COLUMNS` names its fields."""
        return [[self.workload.name, *key, *_figures(runs)] for key, runs in self._runs.items()]


def _figures(runs: Sequence[Run]) -> list[str]:
    def median(figure: Callable[[Run], float | None], digits: int) -> str:
        figures = [each for each in map(figure, runs) if each is not None]
        return f"{statistics.median(figures):.{digits}f}" if figures else ""

    return [
        str(len(runs)),
        median(lambda run: run.wall_seconds, 1),
        median(lambda run: run.audio_seconds_per_second, 1),
        median(lambda run: run.latency(50), 2),
        median(lambda run: run.latency(95), 2),
        median(lambda run: run.peak_mib, 0),
        median(_error_rate, 2),
        median(_english_error_rate, 2),
        median(lambda run: None if run.client_cpu is None else 100 * run.client_cpu, 1),
    ]


def _error_rate(run: Run) -> float:
    return word_error_percent((answer.clip, answer.text) for answer in run.answers)


def _english_error_rate(run: Run) -> float:
    return word_error_percent((answer.clip, answer.text) for answer in run.answers if answer.clip.language == "en")
