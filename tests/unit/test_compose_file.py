"""The compose files hold what they promise; whether they run is `make compose-test`."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.settings import GatewaySettings
from core.settings import CommonSettings
from tests.harness.service import REPOSITORY
from worker.settings import WorkerSettings

FILES = sorted(REPOSITORY.glob("docker-compose*.yml"))
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
STACK: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
RABBITMQ: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.rabbitmq.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = STACK["services"] | {"rabbitmq": RABBITMQ["services"]["rabbitmq"]}
OURS: dict[str, type[CommonSettings]] = {"api": GatewaySettings, "worker": WorkerSettings, "beat": WorkerSettings}
SETTINGS = {name.upper() for settings in OURS.values() for name in settings.model_fields}
EXAMPLE = (REPOSITORY / ".env.example").read_text(encoding="utf-8")


def interpolated() -> set[tuple[str, str]]:
    """Return the variables of the compose files, each with its default."""
    return set(re.findall(r"\$\{([A-Z_]+)(?::[-?]([^}]*))?\}", TEXT))


def locked(name: str) -> set[str]:
    """Return the packages of a lock file."""
    return set(re.findall(r"^([a-z0-9-]+)==", (REPOSITORY / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["pids_limit"]


def test_only_nginx_and_for_this_machine_prometheus_are_published() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx", "prometheus"}
    assert SERVICES["prometheus"]["ports"] == ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"]
    assert SERVICES["redis"]["networks"] == ["back"]


def test_no_password_has_a_default_and_each_is_asked_for() -> None:
    asked = dict(re.findall(r"\$\{([A-Z_]*PASSWORD):([-?])[^}]*\}", TEXT))
    assert asked == dict.fromkeys(("REDIS_PASSWORD", "FLOWER_PASSWORD", "GRAFANA_PASSWORD", "RABBITMQ_PASSWORD"), "?")


@pytest.mark.parametrize("name", OURS)
def test_our_processes_know_no_password_of_others(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert [environment[f"{other}_PASSWORD"] for other in ("FLOWER", "GRAFANA", "RABBITMQ")] == ["", "", ""]
    assert SERVICES[name]["env_file"] == [{"path": ".env", "required": False}]


def test_what_decodes_strangers_audio_knows_no_key() -> None:
    environment = SERVICES["worker"]["environment"]
    assert environment["ADMIN_KEY"] == environment["WEBHOOK_SECRET"] == ""


@pytest.mark.parametrize("name", OURS)
def test_what_the_files_set_are_settings_of_that_process(name: str) -> None:
    set_there = {variable for variable, value in SERVICES[name]["environment"].items() if value}
    assert set_there <= {field.upper() for field in OURS[name].model_fields}


def test_every_variable_of_the_files_is_documented_with_its_default() -> None:
    ours = {(name, default) for name, default in interpolated() if not name.startswith("NGINX_") or "MEMORY" in name}
    undocumented = [
        name
        for name, default in ours - {pair for pair in ours if pair[0] in SETTINGS}
        if not re.search(rf"^#{name}={'' if ' ' in default else re.escape(default)}$", EXAMPLE, re.MULTILINE)
    ]
    assert undocumented == []


def test_the_stop_of_a_worker_is_waited_for_longer_than_by_up() -> None:
    graces = {name: int(SERVICES[name]["stop_grace_period"].rstrip("s")) for name in ("api", "worker", "beat", "redis")}
    assert all(seconds >= 30 for seconds in graces.values())


def test_the_gateways_image_holds_no_inference_library() -> None:
    heavy = {"av", "ctranslate2", "faster-whisper", "numpy", "onnxruntime", "spacy", "torch"}
    assert heavy - {"torch"} <= locked("worker")
    assert heavy.isdisjoint(locked("api") | locked("flower"))


@pytest.mark.parametrize("name", ["api", "worker", "cuda", "flower", "build"])
def test_an_images_lock_names_no_address_and_the_versions_that_are_tested(name: str) -> None:
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    tested = (REPOSITORY / "requirements" / "run.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^(\S+==\S+)", text, re.MULTILINE)
    shared = [pin for pin in pins if re.search(rf"^{re.escape(pin.partition('==')[0])}==", tested, re.MULTILINE)]
    assert [pin for pin in shared if pin not in tested] == []


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("Dockerfile.*")), ids=lambda path: path.name)
def test_every_image_of_ours_runs_as_nobody_special_and_is_stopped_politely(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^STOPSIGNAL (\S+)$", text, re.MULTILINE) == ["SIGTERM"]
    assert text.count("HEALTHCHECK") == text.count("\nCMD ")
    assert "--require-hashes" in text
