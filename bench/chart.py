"""Draws the service and its peers as SVG: bars of throughput for the mixed clips, the word error rate beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.tables import Table

_WORKLOAD = "mixed clips"
_LEFT_OUT = frozenset({"1", "4", "a thread a replica"})
"""Of the column of clients, what the chart leaves to the table: fewer clients, and the floor."""

_WIDTH = 860
_LEFT, _RIGHT = 310, 150
_TOP, _BOTTOM = 74, 46
_ROW, _BAR = 30, 18
_OURS, _OTHERS = "#2f7ed8", "#9aa3ad"
_TEXT, _FAINT = "#6b7580", "#8a939c"
"""Greys that read on white and on GitHub's dark background alike."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One system."""

    name: str
    rate: float
    """Audio seconds per second."""
    error_rate: float
    """WER in percent."""
    is_ours: bool


def drawn(table: Table, machine: str) -> str:
    """Return the chart of a table of systems, fastest first, as an SVG document."""
    bars = sorted(_bars(table), key=lambda bar: -bar.rate)
    height = _TOP + _ROW * len(bars) + _BOTTOM
    scale = (_WIDTH - _LEFT - _RIGHT) / max(bar.rate for bar in bars)
    title = "Audio seconds transcribed per second: mixed short clips, 16 clients, no language given"
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="system-ui, sans-serif">',
        f"<title>{title}</title>",
        _text(16, 26, title, size=16, weight=600),
        _text(16, 48, "Whisper base, int8. Libraries and commands, which have no clients, go clip after clip.", _FAINT),
        _text(_WIDTH - 16, _TOP - 8, "WER %", _FAINT, anchor="end"),
    ]
    for number, bar in enumerate(bars):
        top = _TOP + number * _ROW
        base, length = top + _BAR - 4, max(1.0, bar.rate * scale)
        fill = _OURS if bar.is_ours else _OTHERS
        parts += [
            _text(_LEFT - 10, base, bar.name, anchor="end", weight=600 if bar.is_ours else 400),
            f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="2" fill="{fill}"/>',
            _text(_LEFT + length + 8, base, f"{bar.rate:.1f}", weight=600 if bar.is_ours else 400),
            _text(_WIDTH - 16, base, f"{bar.error_rate:.1f}", anchor="end"),
        ]
    parts += [_text(16, height - 16, machine, _FAINT, size=11), "</svg>"]
    return "\n".join(parts) + "\n"


def _bars(table: Table) -> Sequence[Bar]:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return [
        Bar(row["system"], float(row["audio s/s"]), float(row["WER %"]), row["system"].startswith("Scriptorium"))
        for row in rows
        if row["workload"] == _WORKLOAD and row["clients"] not in _LEFT_OUT
    ]


def _text(
    x: float, y: float, text: str, fill: str = _TEXT, *, anchor: str = "start", size: int = 13, weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" fill="{fill}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )
