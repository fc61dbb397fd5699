"""What a scenario returns: what was injected, what was seen, and what that is worth against reliability.md."""

from collections.abc import Sequence
from dataclasses import dataclass, field

_LINES = 60
_LINE_LENGTH = 1000
"""What is shown of a check's evidence; the logs are on disk."""


@dataclass(frozen=True, slots=True)
class Check:
    """One pass criterion."""

    what: str
    passed: bool
    evidence: str = ""
    """Enough to debug a failure: ids, statuses, ends of logs."""


@dataclass(slots=True)
class Outcome:
    """A row of the table."""

    number: str
    """Of the test in reliability.md."""
    injected: str
    seen: str = ""
    worst_seconds: float | None = None
    p95_seconds: float | None = None
    limit_seconds: float | None = None
    """What the worst may be."""
    checks: list[Check] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every check passed; a scenario without any has proved nothing."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def check(self, what: str, passed: bool, evidence: object = "") -> None:
        """Add a criterion."""
        self.checks.append(Check(what, passed, str(evidence)))

    def time(self, what: str, seconds: Sequence[float], *, limit: float, evidence: object = "") -> None:
        """Report how long something took each time, worst beside p95, and check the worst against its limit."""
        self.limit_seconds = limit
        if seconds:
            self.worst_seconds, self.p95_seconds = max(seconds), percentile(seconds, 95)
        worst = f"worst {max(seconds):.2f} s of {len(seconds)}" if seconds else "none was seen"
        self.check(f"{what}: {worst}, at most {limit:g} s", bool(seconds) and max(seconds) <= limit, evidence)

    def explanation(self) -> str:
        """Return every check with its verdict, failed ones with their evidence."""
        lines = []
        for check in self.checks:
            lines.append(f"  {'passed' if check.passed else 'FAILED'}  {check.what}")
            if not check.passed and check.evidence:
                lines += [f"          {line[:_LINE_LENGTH]}" for line in check.evidence.splitlines()[:_LINES]]
        return "\n".join([f"test {self.number}: {self.injected}", *lines])


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile: the smallest value that so many percent of all do not exceed."""
    return sorted(values)[max(0, -(-percent * len(values) // 100) - 1)]
