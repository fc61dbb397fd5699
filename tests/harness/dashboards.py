"""Reads the Grafana dashboards as files: their panels, and what each of them asks of Prometheus."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_VARIABLES = {"$__rate_interval": "1m", "$lane": ".*"}
"""What Grafana puts in for a scrape every 15 s, and when all lanes are chosen."""


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One query of one panel, ready for Prometheus."""

    dashboard: str
    """The name of its file."""
    panel: str
    """Its title."""
    expression: str


def dashboards(folder: Path) -> dict[str, Any]:
    """Return the dashboards of a folder by the names of their files."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a dashboard's panels, those of collapsed rows as well; rows are none."""
    for panel in dashboard["panels"]:
        yield from panel.get("panels", ()) if panel["type"] == "row" else (panel,)


def queries(dashboards_folder: Path) -> list[PanelQuery]:
    """Return all queries of all panels, with the dashboards' variables replaced."""
    return [
        PanelQuery(name, panel["title"], _without_variables(target["expr"]))
        for name, dashboard in dashboards(dashboards_folder).items()
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]


def _without_variables(expression: str) -> str:
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression, f"a variable that nobody replaces: {expression}"
    return expression
