"""The dashboards are whole and readable: what Grafana would only show as an empty or unnamed panel fails here."""

import itertools
import re
from typing import Any

import pytest
import yaml

from tests.harness.dashboards import dashboards, panels, queries
from tests.harness.service import REPOSITORY

GRAFANA = REPOSITORY / "deploy" / "grafana"
FOLDER = GRAFANA / "dashboards"
DASHBOARDS = dashboards(FOLDER)
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, dashboard in DASHBOARDS.items()
    for panel in panels(dashboard)
]
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
GRAFANAS_OWN = {"__rate_interval"}


def provisioned(kind: str, file: str) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load((GRAFANA / "provisioning" / kind / file).read_text(encoding="utf-8"))


def test_there_are_three() -> None:
    assert set(DASHBOARDS) == {"service", "queue", "quality"}
    assert len(queries(FOLDER)) > len(PANELS) > 50


def test_ids_and_titles_are_unique() -> None:
    for key in ("uid", "title"):
        assert len({dashboard[key] for dashboard in DASHBOARDS.values()}) == len(DASHBOARDS)
    for dashboard in DASHBOARDS.values():
        everything = [*dashboard["panels"], *panels(dashboard)]
        assert len({panel["id"] for panel in everything}) == len({id(panel) for panel in everything})
        titles = [panel["title"] for panel in panels(dashboard) if panel["type"] != "stat"]
        assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_beside_and_below_each_other(name: str) -> None:
    places = [panel["gridPos"] for panel in DASHBOARDS[name]["panels"]]
    assert all(place["w"] > 0 and place["h"] > 0 and 0 <= place["x"] <= 24 - place["w"] for place in places)
    for one, other in itertools.combinations(places, 2):
        assert (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        ), (one, other)


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["title"].strip()
    assert panel["description"].endswith(".")
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    values = [step["value"] for step in defaults["thresholds"]["steps"]]
    assert values[0] is None
    assert values[1:] == sorted(values[1:])
    assert panel["datasource"] == DATASOURCE
    assert panel["targets"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for target in panel["targets"]:
        assert target["datasource"] == DATASOURCE
        assert target["legendFormat"]


@pytest.mark.parametrize("panel", PANELS)
def test_a_legend_names_labels_that_the_query_keeps(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        kept = {label for labels in re.findall(r"\bby \(([^)]*)\)", target["expr"]) for label in labels.split(", ")}
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_query_uses_the_variables_that_there_are(name: str) -> None:
    declared = {variable["name"] for variable in DASHBOARDS[name]["templating"]["list"]}
    used = {
        variable
        for panel in panels(DASHBOARDS[name])
        for target in panel["targets"]
        for variable in re.findall(r"\$(\w+)", target["expr"])
    }
    assert used - GRAFANAS_OWN == declared


def test_a_rate_of_a_panel_fits_every_zoom() -> None:
    """But where a panel says over which time it looks."""
    for name, dashboard in DASHBOARDS.items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                for function, span in re.findall(r"\b(rate|increase)\([^\[]*\[([^]]+)\]", target["expr"]):
                    assert (span == "$__rate_interval") is (function == "rate"), (name, panel["title"])


def test_what_is_provisioned_fits_the_dashboards() -> None:
    (datasource,) = provisioned("datasources", "prometheus.yml")["datasources"]
    assert {"type": datasource["type"], "uid": datasource["uid"]} == DATASOURCE
    scraped = yaml.safe_load((REPOSITORY / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert datasource["jsonData"]["timeInterval"] == scraped["global"]["scrape_interval"]
    (provider,) = provisioned("dashboards", "scriptorium.yml")["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
