"""deploy/kubernetes: what kubectl builds is valid, fits together, and starts our processes with settings they take."""

import copy
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from api.settings import GatewaySettings
from core.settings import CommonSettings
from tests.harness.service import REPOSITORY
from tests.kubernetes.keda import SCALED_OBJECT
from tests.kubernetes.manifests import COMPONENT, FOLDER, PAGE, Build, Resource, build, built, values_of
from worker.health import LIVENESS, READINESS
from worker.settings import WorkerSettings

IN_THE_TREE = ("base", "overlays/small", "overlays/standard", "overlays/gpu")
OLDEST, NEWEST = "1.30", "1.37"
"""Versions of Kubernetes: the first whose containers may sleep before they stop, and the newest with a schema here."""
SETTINGS: dict[str, type[CommonSettings]] = {"api": GatewaySettings, "worker": WorkerSettings, "beat": WorkerSettings}
SECRET = yaml.safe_load((FOLDER / "secret.example.yaml").read_text(encoding="utf-8"))
VERSION = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def own_kustomization() -> str:
    """Return the kustomization that the page shows for an installation with S3."""
    (shown,) = re.findall(r"```yaml\n(apiVersion: kustomize.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(shown)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """What the page's own kustomization builds."""
    copied = tmp_path_factory.mktemp("own") / "kubernetes"
    shutil.copytree(FOLDER, copied)
    mine = copied / "overlays" / "mine"
    mine.mkdir()
    (mine / "kustomization.yaml").write_text(own_kustomization(), encoding="utf-8")
    return build(mine)


@pytest.fixture(params=[*IN_THE_TREE, "own"])
def installation(request: pytest.FixtureRequest) -> Build:
    """Each kustomization that somebody may apply."""
    found: Build = request.getfixturevalue("own") if request.param == "own" else built(request.param)
    return found


def faults(resource: Resource, version: str) -> Iterator[str]:
    """Yield what a version of Kubernetes, or KEDA, would not take of a resource."""
    try:
        if resource["apiVersion"].startswith("keda.sh/"):
            jsonschema.validate(resource, SCALED_OBJECT, jsonschema.Draft202012Validator)
        else:
            kubernetes_validate.validate(resource, version, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.SchemaNotFoundError) as fault:
        yield f"{resource['kind']} {resource['metadata']['name']}: {fault}"


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_everything_is_valid(own: Build, version: str) -> None:
    every = [each for build in (*map(built, IN_THE_TREE), own) for each in build.resources]
    distinct = {json.dumps(each, sort_keys=True): each for each in [*every, SECRET]}
    assert [fault for each in distinct.values() for fault in faults(each, version)] == []


def test_what_is_not_valid_is_seen() -> None:
    misspelt = copy.deepcopy(built("base").one("Deployment", "api"))
    misspelt["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    wrong = copy.deepcopy(built("base").one("Service", "api"))
    wrong["spec"]["ports"][0]["port"] = "http"
    unscaled = copy.deepcopy(built("overlays/standard").one("ScaledObject", "worker"))
    del unscaled["spec"]["triggers"][0]["metadata"]["targetValue"]
    unheard = {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": {"name": "old"}}
    for each in (misspelt, wrong, unscaled, unheard):
        assert len(list(faults(each, NEWEST))) == 1


def test_nothing_is_there_twice(installation: Build) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in installation.resources]
    assert sorted(names) == sorted(set(names))
    spaces = {each["metadata"].get("namespace") for each in installation.resources if each["kind"] != "Namespace"}
    assert spaces == {"scriptorium"} == {each["metadata"]["name"] for each in installation.of("Namespace")}


def variables(installation: Build, name: str) -> dict[str, str]:
    """Return the environment of a workload's container, with made-up secrets."""
    container = installation.container(name)
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= installation.one("ConfigMap", source["configMapRef"]["name"])["data"]
    for each in container["env"]:
        match each.get("valueFrom", {}):
            case {"secretKeyRef": {"name": secret, "key": key}}:
                assert (secret, key in SECRET["stringData"]) == (SECRET["metadata"]["name"], True)
                found[each["name"]] = "whsec_" + "c2VjcmV0" * 4 if key == "WEBHOOK_SECRET" else "s" * 32
            case {"resourceFieldRef": {"containerName": holder, "resource": "requests.cpu"}}:
                assert holder == container["name"]
                found[each["name"]] = container["resources"]["requests"]["cpu"]
            case _:
                found[each["name"]] = each["value"]
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_a_process_takes_the_settings_that_it_is_given(
    installation: Build, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = variables(installation, name)
    known = {each.upper() for settings in SETTINGS.values() for each in settings.model_fields}
    assert set(given) - known == set()
    own = {each["name"] for each in installation.container(name)["env"]}
    assert {each.lower() for each in own} <= set(SETTINGS[name].model_fields)

    monkeypatch.chdir(tmp_path)
    for variable in known:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    settings = SETTINGS[name].read()
    assert settings.model_fields_set == {each.lower() for each in given} & set(SETTINGS[name].model_fields)
    assert settings.redis == f"redis://:{'s' * 32}@redis:6379/0"
    listens = settings.port if isinstance(settings, GatewaySettings) else int(given["METRICS_PORT"])
    assert [each["containerPort"] for each in installation.container(name)["ports"]] == [listens]
    assert {each["mountPath"] for each in installation.container(name)["volumeMounts"]} >= {
        str(settings.data_dir / "media"),
        str(settings.data_dir),
        "/tmp",  # noqa: S108 - where a container's own scratch is
    }


def test_workers_have_a_replica_for_each_core_they_ask_for_and_one_on_a_gpu() -> None:
    worker = built("base").container("worker")
    assert variables(built("base"), "worker")["MODEL_REPLICAS"] == worker["resources"]["requests"]["cpu"] == "2"
    gpu = variables(built("overlays/gpu"), "worker")
    assert (gpu["DEVICE"], gpu["MODEL_REPLICAS"]) == ("cuda", "0")
    assert built("overlays/gpu").container("worker")["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_the_build_holds_no_secret(installation: Build) -> None:
    assert installation.of("Secret") == []
    assert set(SECRET["stringData"].values()) == {""}


def test_what_is_referred_to_exists(installation: Build) -> None:
    for workload in installation.workloads:
        pod = workload["spec"]["template"]["spec"]
        claimed = {each["metadata"]["name"] for each in workload["spec"].get("volumeClaimTemplates", [])}
        volumes = {each["name"] for each in pod["volumes"]} | claimed
        assert {each["name"] for each in values_of(pod, "volumeMounts") for each in each} == volumes
        for volume in pod["volumes"]:
            if "configMap" in volume:
                installation.one("ConfigMap", volume["configMap"]["name"])
            if "persistentVolumeClaim" in volume:
                installation.one("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
    for scaler in (*installation.of("HorizontalPodAutoscaler"), *installation.of("ScaledObject")):
        target = installation.one("Deployment", scaler["spec"]["scaleTargetRef"]["name"])
        assert "replicas" not in target["spec"], "who scales sets the number"
    for backend in values_of(installation.of("Ingress"), "backend"):
        service = installation.one("Service", backend["service"]["name"])
        assert backend["service"]["port"]["name"] in {each["name"] for each in service["spec"]["ports"]}
    for stateful in installation.of("StatefulSet"):
        installation.one("Service", stateful["spec"]["serviceName"])


def test_selectors_select_what_they_mean(installation: Build) -> None:
    for workload in installation.workloads:
        name = workload["metadata"]["name"]
        assert installation.selected(workload["spec"]["selector"]) == {name}
        assert workload["spec"]["template"]["metadata"]["labels"][COMPONENT] == name
        for spread in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
            assert installation.selected(spread["labelSelector"]) == {name}
    for service in installation.of("Service"):
        assert installation.selected({"matchLabels": service["spec"]["selector"]}) == {service["metadata"]["name"]}
    for budget in installation.of("PodDisruptionBudget"):
        assert installation.selected(budget["spec"]["selector"]) == {budget["metadata"]["name"]}
    assert {each["metadata"]["name"] for each in installation.of("PodDisruptionBudget")} == {"api", "worker"}


def test_ports_go_by_names_that_containers_have(installation: Build) -> None:
    for workload in installation.workloads:
        template = workload["spec"]["template"]
        container = installation.container(workload["metadata"]["name"])
        ports = {each["name"]: str(each["containerPort"]) for each in container["ports"]}
        assert {each["port"] for each in values_of(container, "httpGet")} <= ports.keys()
        scraped = template["metadata"].get("annotations", {})
        if scraped:
            assert scraped["prometheus.io/port"] in ports.values()
        assert bool(scraped) == (workload["metadata"]["name"] in SETTINGS)
    for service in installation.of("Service"):
        (port,) = service["spec"]["ports"]
        (listened,) = installation.container(service["metadata"]["name"])["ports"]
        assert (port["targetPort"], port["port"]) == (listened["name"], listened["containerPort"])


def test_probes_ask_what_is_there() -> None:
    paths = {name: {each["path"] for each in values_of(built("base").container(name), "httpGet")} for name in SETTINGS}
    # A gateway without workers still takes jobs, and says so (503) at its own /health/ready.
    assert paths == {"api": {"/health"}, "worker": {LIVENESS, READINESS}, "beat": {"/metrics"}}


def test_policies_name_who_may_talk_to_whom(installation: Build) -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in installation.of("NetworkPolicy")}
    every = {each["metadata"]["name"] for each in installation.workloads}
    assert installation.selected(policies["nothing-else"]["podSelector"]) == every
    assert {"ingress", "egress"}.isdisjoint(policies["nothing-else"])
    selected = {name: installation.selected(spec["podSelector"]) for name, spec in policies.items()}
    del selected["nothing-else"]
    ours = set(SETTINGS)
    assert selected == {"redis": {"redis"}, "api": {"api"}, "metrics": {"worker", "beat"}, "outward": ours}
    (into_redis,) = policies["redis"]["ingress"]
    assert installation.selected(into_redis["from"][0]["podSelector"]) == ours
    for name in ("redis", "api", "metrics"):
        for rule in policies[name]["ingress"]:
            for workload in selected[name]:
                have = {each["name"] for each in installation.container(workload)["ports"]}
                assert {each["port"] for each in rule["ports"]} == have
    # A user's URL leads nowhere inside, whatever the worker thinks of it.
    (public,) = [each for each in values_of(policies["outward"], "ipBlock") if each["cidr"] == "0.0.0.0/0"]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(public["except"])


def test_no_container_may_more_than_it_must(installation: Build) -> None:
    for workload in installation.workloads:
        pod = workload["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        # A Service named redis would otherwise set REDIS_PORT to an address.
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
            assert {"livenessProbe", "startupProbe"} <= container.keys()


def test_images_are_those_of_this_version(installation: Build) -> None:
    names = [each["metadata"]["name"] for each in installation.workloads]
    images = {name: installation.container(name)["image"].removeprefix("registry.example.com/") for name in names}
    assert images.pop("worker") in {f"scriptorium-worker:{VERSION}", f"scriptorium-worker:{VERSION}-cuda"}
    assert images == {
        "api": f"scriptorium-api:{VERSION}",
        "beat": f"scriptorium-worker:{VERSION}",
        "redis": "redis:7-bookworm",
    }


def test_scaling_asks_the_gateways_service() -> None:
    standard = built("overlays/standard")
    scaler = standard.one("ScaledObject", "worker")
    service = standard.one("Service", "api")
    address = f"http://{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    urls = {each["metadata"]["url"] for each in scaler["spec"]["triggers"]}
    assert urls == {f"{address}:{service['spec']['ports'][0]['port']}/metrics"}
    running = next(each for each in scaler["spec"]["triggers"] if each["name"] == "running")
    concurrency = WorkerSettings.model_fields["worker_concurrency"].default
    assert running["metadata"]["targetValue"] == str(concurrency)
    assert f'{{lane="{variables(standard, "worker")["MODEL_SIZE"]}"}}' in values(scaler)


def values(scaler: Resource) -> str:
    return " ".join(each["metadata"]["valueLocation"] for each in scaler["spec"]["triggers"])


def test_one_node_holds_all_who_share_its_volume() -> None:
    small = built("overlays/small")
    assert small.one("PersistentVolumeClaim", "media")["spec"]["accessModes"] == ["ReadWriteOnce"]
    for name in SETTINGS:
        pod = small.template(name)["spec"]
        (rule,) = pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert small.selected(rule["labelSelector"]) == set(SETTINGS)
        assert rule["topologyKey"] == "kubernetes.io/hostname"
        assert small.one("Deployment", name)["spec"]["replicas"] == 1


def test_with_s3_there_is_no_shared_volume(own: Build) -> None:
    assert own.of("PersistentVolumeClaim") == []
    for name in SETTINGS:
        assert variables(own, name).keys() >= {"MEDIA_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"}
        volumes: list[dict[str, Any]] = own.template(name)["spec"]["volumes"]
        assert {"name": "media", "emptyDir": {}} in volumes
