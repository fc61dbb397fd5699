"""The one table of a chaos run."""

from collections.abc import Sequence

from tests.chaos.outcome import Outcome

_COLUMNS = ("#", "injected", "seen", "worst s", "p95 s", "limit s", "passed")


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a Markdown table whose columns also line up on a terminal."""
    rows = [_COLUMNS, *map(_row, outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.number,
        outcome.injected,
        outcome.seen,
        _seconds(outcome.worst_seconds),
        _seconds(outcome.p95_seconds),
        "-" if outcome.limit_seconds is None else f"{outcome.limit_seconds:g}",
        "yes" if outcome.passed else "NO",
    )


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"
