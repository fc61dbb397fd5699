"""How many workers so many users need.

    workers = ceil(users x minutes of audio per user and hour / 60 / (0.7 x audio hours that a worker clears per hour))

A worker that is always busy is one whose queue grows at every peak: planned is with 70 % of what it can do.
"""

import math
from dataclasses import dataclass

PLANNED_LOAD = 0.7
"""Part of a worker's speed that is planned with; the rest is for peaks."""
_MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class Demand:
    """What users send."""

    users: int
    audio_minutes_per_user_hour: float

    @property
    def audio_hours_per_hour(self) -> float:
        """Audio of all users."""
        return self.users * self.audio_minutes_per_user_hour / _MINUTES_PER_HOUR


def workers_needed(demand: Demand, speed: float) -> int:
    """Return how many workers clear it at the planned load, at least one.

    Args:
        demand: What comes in.
        speed: Audio hours that one worker clears per hour, above 0.
    """
    # Ten digits: 7 hours an hour are one worker of speed 10, whatever binary fractions make of 0.7.
    return max(1, math.ceil(round(demand.audio_hours_per_hour / (PLANNED_LOAD * speed), 10)))
