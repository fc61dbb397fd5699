"""When a job will be done, from how fast its lane has been of late. Pure arithmetic; times in seconds.

A lane's throughput is what it completed per second while it was busy. The range comes from the same completions: how
fast and how slow stretches of as many jobs as are ahead have been (10th to 90th percentile), so it is narrow where the
past was even, and wide where it was not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

_LOW, _HIGH = 0.1, 0.9
_STRETCHES = 3
"""A stretch is at most this part of what is known, so that there are several to compare."""
_OWN_PACE_FROM = 0.1
"""Part of a job that must be done before its own pace tells more than the lane's."""
_GUESS_SPREAD = 6.0
"""A guessed length may be so many times shorter or longer, at the ends of the range."""
_MIN_RETRY_SECONDS = 1
_MAX_RETRY_SECONDS = 600
_UNKNOWN_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Completion:
    """One completed attempt: the audio it did, the time since the lane's completion before it, the time it took."""

    audio_seconds: float
    interval_seconds: float
    attempt_seconds: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until a job is completed, and a range that eight of ten jobs should fall into."""

    seconds: float
    low_seconds: float
    high_seconds: float

    def times(self, factor: float) -> "Estimate":
        """Return all three, multiplied."""
        return Estimate(self.seconds * factor, self.low_seconds * factor, self.high_seconds * factor)

    def guessed(self, *, is_guess: bool) -> "Estimate":
        """Return the time of audio whose length is a guess, if it is one: the range is that much wider."""
        if not is_guess:
            return self
        return Estimate(self.seconds, self.low_seconds / _GUESS_SPREAD, self.high_seconds * _GUESS_SPREAD)

    def plus(self, other: "Estimate") -> "Estimate":
        """Return the sum of two times that follow each other."""
        return Estimate(
            self.seconds + other.seconds, self.low_seconds + other.low_seconds, self.high_seconds + other.high_seconds
        )


class Pace:
    """How fast a lane has been of late, from its latest completions; many are told when their jobs will be done."""

    def __init__(self, completions: Sequence[Completion]) -> None:
        self._known = [each for each in completions if each.audio_seconds > 0]
        self._lengths = sorted(each.audio_seconds for each in completions)
        self._rates: dict[tuple[str, int], Estimate] = {}

    @property
    def half_a_job(self) -> float:
        """Half the audio seconds of a usual job."""
        return fmean(self._lengths) / 2

    @property
    def long_job(self) -> float:
        """The audio seconds of a long job; half a usual one's at least."""
        return max(self.half_a_job, self._lengths[math.floor(_HIGH * (len(self._lengths) - 1))])

    def rate(self, what: str, *, stretch: int) -> Estimate | None:
        """Return seconds of `what` per audio second, over all completions and at the ends of the range."""
        if not self._known:
            return None
        length = max(1, min(stretch, len(self._known) // _STRETCHES))
        if (what, length) not in self._rates:
            self._rates[what, length] = self._rate(what, length)
        return self._rates[what, length]

    def _rate(self, what: str, length: int) -> Estimate:
        def rate(part: Sequence[Completion]) -> float:
            times: list[float] = [getattr(each, what) for each in part]
            return math.fsum(times) / math.fsum(each.audio_seconds for each in part)

        known = self._known
        rates = sorted(rate(known[start : start + length]) for start in range(len(known) - length + 1))
        overall = rate(known)
        if len(rates) < _STRETCHES:
            return Estimate(overall, overall / 2, overall * 2)
        return Estimate(
            overall,
            min(overall, rates[math.floor(_LOW * (len(rates) - 1))]),
            max(overall, rates[math.ceil(_HIGH * (len(rates) - 1))]),
        )


def estimate_waiting(
    pace: Pace,
    *,
    position: int,
    audio_seconds_ahead: float,
    audio_seconds: float,
    running: Sequence[float],
    slots: int,
    is_guess: bool = False,
) -> Estimate | None:
    """Estimate for a job that waits at a position (1 is next); None while nothing is known of its lane.

    `running` are the seconds of audio that the lane's running jobs have left. With a free slot the job is claimed at
    once; the next one waits for the first of these to end; any other for all audio before it, less what the other
    slots still have to do when it is claimed: half of a usual job each, between nothing and a long one. With
    `is_guess`, nothing is known of its own `audio_seconds`.
    """
    if not slots or not (attempts := pace.rate("attempt_seconds", stretch=1)):
        return None
    own = attempts.times(audio_seconds).guessed(is_guess=is_guess)
    if position == 1 and len(running) < slots:
        return own
    if position == 1 and running:
        return own.plus(attempts.times(min(running)))
    waits = pace.rate("interval_seconds", stretch=max(position, slots))
    if waits is None:
        return None
    before = audio_seconds_ahead + math.fsum(running)
    others = max(0, len(running) - 1)
    return own.plus(
        Estimate(
            seconds=waits.seconds * max(0.0, before - others * pace.half_a_job),
            low_seconds=waits.low_seconds * max(0.0, before - others * pace.long_job),
            high_seconds=waits.high_seconds * before,
        )
    )


def estimate_running(
    pace: Pace, *, remaining_seconds: float, done_seconds: float, elapsed_seconds: float, is_guess: bool = False
) -> Estimate | None:
    """Estimate for a job that runs; `elapsed_seconds` is the time that `done_seconds` of its audio took.

    With `is_guess`, nothing is known of its length: its audio is being fetched.
    """
    lane = pace.rate("attempt_seconds", stretch=1)
    total = remaining_seconds + done_seconds
    if done_seconds <= 0 or done_seconds < _OWN_PACE_FROM * total:
        return lane and lane.times(remaining_seconds).guessed(is_guess=is_guess)
    own = elapsed_seconds / done_seconds
    paces = [own, *((lane.low_seconds, lane.high_seconds) if lane else (own / 2, own * 2))]
    return Estimate(own, min(paces), max(paces)).times(remaining_seconds)


def seconds_until_room(completions: Sequence[Completion], *, jobs: int, audio_seconds: float) -> int:
    """Return in how many whole seconds a full lane will have finished so many jobs and so much audio."""
    wall = math.fsum(each.interval_seconds for each in completions)
    audio = math.fsum(each.audio_seconds for each in completions)
    if not wall or not audio:
        return _UNKNOWN_RETRY_SECONDS
    seconds = max(jobs * wall / len(completions), audio_seconds * wall / audio)
    return max(_MIN_RETRY_SECONDS, min(_MAX_RETRY_SECONDS, math.ceil(seconds)))
