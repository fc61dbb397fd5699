"""What `bench` has measured, for a person and as JSON: a table, the capacity it stands for, the settings to take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cli.capacity import PLANNED_LOAD, Demand, workers_needed
from core.sizing import Machine, Measurement, Quality, Shape

HEADERS = ("Model", "Quality", "Device", "Shape", "Batch", "RTF", "h/h", "MiB", "")
"""Short, and the device with its arithmetic: eighty columns hold them."""
_BEST = "best"
_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Report:
    """All there is to say."""

    machine: Machine
    audio: str
    """What was listened to, in a sentence."""
    demand: Demand
    measurements: Sequence[Measurement]

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table's rows, in the order of measuring."""
        best = best_of_each(self.measurements)
        return [
            (
                each.model,
                each.quality,
                f"{each.device} {each.compute_type}",
                _team(each.shape),
                "-" if each.quality == "accurate" else str(each.shape.batch_size),
                f"{each.rtf:.3g}",
                f"{each.speed:.3g}",
                f"{each.peak_memory_bytes / _MIB:.0f}",
                _BEST if each in best else "",
            )
            for each in self.measurements
        ]

    def advice(self) -> list[str]:
        """Return what follows for each model and quality, line by line."""
        return [line for each in best_of_each(self.measurements) for line in ("", *self._advice_on(each))]

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        best = best_of_each(self.measurements)
        return {
            "machine": {"processor": self.machine.processor, "cores": self.machine.cores},
            "audio": self.audio,
            "measurements": [
                each.model_dump(mode="json", exclude={"kind"})
                | {"rtf": each.rtf, "audio_seconds_per_second": each.speed, "is_best": each in best}
                for each in self.measurements
            ],
            "capacity": [
                {
                    "model": each.model,
                    "quality": each.quality,
                    "audio_hours_per_hour": each.speed,
                    "planned_load": PLANNED_LOAD,
                    "users": self.demand.users,
                    "audio_minutes_per_user_hour": self.demand.audio_minutes_per_user_hour,
                    "workers": workers_needed(self.demand, each.speed),
                    "settings": settings_for(each),
                }
                for each in best
            ],
        }

    def _advice_on(self, best: Measurement) -> Iterable[str]:
        demand, workers = self.demand, workers_needed(self.demand, best.speed)
        settings = settings_for(best)
        yield (
            f"{best.model}, {best.quality}: one worker of this machine clears {best.speed:.3g} hours of speech an hour."
        )
        yield (
            f"For {demand.users} users who each send {demand.audio_minutes_per_user_hour:g} minutes of speech an hour "
            f"({demand.audio_hours_per_hour:.3g} h/h), at {PLANNED_LOAD:.0%} load, you need "
            f"{workers} such worker{'s' * (workers > 1)}{', each on a machine of its own' * (workers > 1)}."
        )
        yield "In .env, for the best shape:"
        yield from (f"  {name}={value}" for name, value in settings.items())


def best_of_each(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Return the fastest shape of every model and quality, in the order of measuring."""
    best: dict[tuple[str, str], Measurement] = {}
    for each in measurements:
        key = each.model, each.quality
        if key not in best or each.speed > best[key].speed:
            best[key] = each
    return list(best.values())


def described(shape: Shape, quality: Quality) -> str:
    """Return a shape in words: replicas x threads of each, and the batches where there are any."""
    return _team(shape) if quality == "accurate" else f"{_team(shape)}, batches of {shape.batch_size}"


def settings_for(measurement: Measurement) -> dict[str, str]:
    """Return the worker's settings under which it was measured."""
    shape = measurement.shape
    settings = {
        "MODEL_SIZE": measurement.model,
        "MODEL_REPLICAS": str(shape.replicas),
        "COMPUTE_THREADS": str(shape.compute_threads),
        "BATCH_SIZE": str(shape.batch_size),
        "WORKER_CONCURRENCY": str(measurement.jobs_at_once),
    }
    if measurement.quality == "accurate":
        del settings["BATCH_SIZE"]  # it batches nothing
    return settings


def _team(shape: Shape) -> str:
    return f"{shape.replicas} x {shape.compute_threads or 'auto'}"
