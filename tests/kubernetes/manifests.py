"""The manifests of deploy/kubernetes as kubectl builds them, and what the tests ask of them."""

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.harness.servers import skip_unless_ci
from tests.harness.service import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "kubernetes"
PAGE = REPOSITORY / "docs" / "operations" / "kubernetes.md"
Resource: TypeAlias = dict[str, Any]
Labels: TypeAlias = Mapping[str, str]

COMPONENT = "app.kubernetes.io/component"


@dataclass(frozen=True)
class Build:
    """What one kustomization builds."""

    resources: Sequence[Resource]

    def of(self, kind: str) -> list[Resource]:
        """Return all resources of a kind."""
        return [each for each in self.resources if each["kind"] == kind]

    def one(self, kind: str, name: str) -> Resource:
        """Return the resource with a name."""
        (found,) = [each for each in self.of(kind) if each["metadata"]["name"] == name]
        return found

    @property
    def workloads(self) -> list[Resource]:
        """Everything that has pods."""
        return [*self.of("Deployment"), *self.of("StatefulSet")]

    def template(self, name: str) -> Resource:
        """Return the pod template of a workload."""
        (found,) = [each for each in self.workloads if each["metadata"]["name"] == name]
        template: Resource = found["spec"]["template"]
        return template

    def container(self, name: str) -> Resource:
        """Return a workload's one container."""
        (container,) = self.template(name)["spec"]["containers"]
        found: Resource = container
        return found

    def selected(self, selector: Resource) -> set[str]:
        """Return the names of the workloads whose pods a label selector selects."""
        return {
            each["metadata"]["name"]
            for each in self.workloads
            if _matches(selector, each["spec"]["template"]["metadata"]["labels"])
        }


@cache
def built(name: str) -> Build:
    """Return a kustomization of the repository, such as `base` or `overlays/gpu`, as kubectl builds it."""
    return build(FOLDER / name)


def build(folder: Path) -> Build:
    """Return what kubectl builds of a folder."""
    # The one that the tests' dependencies bring where they can, or the machine's.
    kubectl = shutil.which("kubectl", path=sysconfig.get_path("scripts")) or shutil.which("kubectl")
    if kubectl is None:
        skip_unless_ci("kubectl")
    ended = subprocess.run([str(kubectl), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "deprecated" not in ended.stderr
    return Build(list(yaml.safe_load_all(ended.stdout)))


def values_of(document: object, key: str) -> Iterator[Any]:
    """Yield the values of a key wherever it stands in a document."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == key:
                yield value
            yield from values_of(value, key)
    elif isinstance(document, list):
        for each in document:
            yield from values_of(each, key)


def _matches(selector: Resource, labels: Labels) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", "no other is used"
        wanted = wanted and labels.get(rule["key"]) in rule["values"]
    return bool(wanted)
