"""What runs the compose file: Docker, or podman on a machine that has no Docker engine and reaches no registry."""

import json
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.harness.service import REPOSITORY

PROJECT = "scriptorium-test"
"""The compose project of the test: an installation of the same name as the product's stays untouched."""
_STAND_INS = REPOSITORY.parent / "shared" / "containers"
"""How to run containers without an engine; outside the repository."""
_PODMAN_COMPOSE = "podman-compose==1.6.0"
_EXPORTERS = ("redis-exporter", "nginx-exporter")


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the stack."""

    name: str
    service: str
    id: str
    image: str
    pid: int
    """Its first process, as this machine numbers it; 0 if it doesn't run."""

    @property
    def runs(self) -> bool:
        return self.pid > 0


class Engine(ABC):
    """Runs compose in a folder that holds the product's files and an `.env`."""

    without: tuple[str, ...] = ()
    """Services that can't be run with it."""
    notes = ""
    """What a reader of its figures must know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def prepare(self) -> None:
        """Get ready to build; nothing of an earlier run is left afterwards."""

    @abstractmethod
    def compose(self, *arguments: str) -> str:
        """Run a command of compose; return what it prints."""

    @abstractmethod
    def build(self, *services: str) -> None:
        """Build the images of services."""

    @abstractmethod
    def run(self, *arguments: str, stderr: int = subprocess.PIPE) -> str:
        """Run a command of the engine; return what it prints, and with `STDOUT` for `stderr` its complaints as well.

        Raises:
            subprocess.CalledProcessError: it failed; what it printed is in there.
        """

    @abstractmethod
    def is_healthy(self, container: Container) -> bool:
        """Tell whether the container's own health check says so, if it has one, or else whether it runs."""

    @abstractmethod
    def memory_bytes(self, container: Container) -> int:
        """Return the memory that a container takes."""

    def clean(self) -> None:
        """Remove containers, volumes and networks; images stay."""
        self.compose("down", "--volumes", "--timeout", "5")

    def containers(self, *services: str) -> list[Container]:
        """Return the stack's containers, of some services or all, running or not."""
        ids = self.run("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
        if not ids:
            return []
        found = [_container(facts) for facts in json.loads(self.run("inspect", *ids))]
        return sorted(
            (container for container in found if not services or container.service in services),
            key=lambda container: (container.service, container.name),
        )

    def kill(self, container: Container) -> None:
        """SIGKILL."""
        self.run("kill", "--signal", "KILL", container.id)

    def start(self, container: Container) -> None:
        """Start a container that has ended; one that the engine has started again by itself is left alone."""
        self.run("start", container.id)

    def inside(self, container: Container, *command: str) -> str:
        """Run a command in a container; return what it prints."""
        return self.run("exec", container.id, *command)

    def logs(self, container: Container, lines: int = 8) -> str:
        """Return what it said last."""
        return self.run("logs", "--tail", str(lines), container.id, stderr=subprocess.STDOUT)

    def image_bytes(self, image: str) -> int:
        """Return an image's size."""
        return int(self.run("image", "inspect", "--format", "{{.Size}}", image))


class Docker(Engine):
    """Docker with its compose plugin."""

    notes = "Memory is what `docker stats` says."

    def prepare(self) -> None:
        self.clean()

    def compose(self, *arguments: str) -> str:
        return _output(["docker", "compose", "--project-name", PROJECT, *arguments], self.folder)

    def build(self, *services: str) -> None:
        self.compose("build", *services)

    def run(self, *arguments: str, stderr: int = subprocess.PIPE) -> str:
        return _output(["docker", *arguments], self.folder, stderr)

    def is_healthy(self, container: Container) -> bool:
        template = "{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}"
        return self.run("inspect", "--format", template, container.id).strip() in {"healthy", "running"}

    def memory_bytes(self, container: Container) -> int:
        used = self.run("stats", "--no-stream", "--format", "{{.MemUsage}}", container.id)
        number, unit = re.match(r"([\d.]+)([KMG]i)B", used).groups()  # type: ignore[union-attr]  # Docker's own format
        return int(float(number) * 1024 ** ("KMG".index(unit[0]) + 1))


class Podman(Engine):
    """podman, with stand-ins for the public images. It enforces no limits and runs no health check by itself."""

    without = ("grafana",)
    notes = (
        "Images on stand-ins for the public base images; memory is proportional (PSS), of all processes of a container."
    )

    def prepare(self) -> None:
        self._tool("--clean")
        stack = yaml.safe_load((self.folder / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
        python = re.findall(r"^ARG BASE_IMAGE=(\S+)$", (self.folder / "Dockerfile.api").read_text(), re.MULTILINE)[0]
        kinds = {python: "python"} | {stack[kind]["image"]: kind for kind in ("redis", "nginx", "prometheus")}
        pairs = [f"{image}={kind}" for image, kind in kinds.items()]
        self._tool(str(_STAND_INS / "base-images.sh"), *pairs)
        for service in _EXPORTERS:
            file = self.folder / "tests" / "compose" / "Dockerfile.exporters"
            self.run(
                "build", "--target", service, "--tag", stack[service]["image"], "--file", str(file), str(file.parent)
            )

    def compose(self, *arguments: str) -> str:
        files = ["--file", "docker-compose.yml", "--file", "tests/compose/podman.yml"]
        return self._tool(str(_podman_compose()), "--project-name", PROJECT, *files, *arguments)

    def build(self, *services: str) -> None:
        # Each layer would be a copy of all below it.
        command = ["--podman-build-args=--layers=false --pull-never", "build"]
        with ThreadPoolExecutor() as builders:
            list(builders.map(lambda service: self.compose(*command, service), services))

    def run(self, *arguments: str, stderr: int = subprocess.PIPE) -> str:
        return self._tool("podman", *arguments, stderr=stderr)

    def is_healthy(self, container: Container) -> bool:
        if not json.loads(self.run("inspect", container.id))[0]["Config"].get("Healthcheck"):
            return container.runs
        try:
            self.run("healthcheck", "run", container.id)
        except subprocess.CalledProcessError:
            return False
        return True

    def memory_bytes(self, container: Container) -> int:
        return sum(_proportional_bytes(pid) for pid in _tree(container.pid))

    def clean(self) -> None:
        self._tool("--clean")
        # Every layer of a build is kept whole; those that no image is made of any more would fill the disk.
        self.run("image", "prune", "--force")

    def _tool(self, *command: str, stderr: int = subprocess.PIPE) -> str:
        return _output([str(_STAND_INS / "in-podman.sh"), *command], self.folder, stderr)


def find_engine(folder: Path) -> Engine:
    """Return what can run containers here; fail without."""
    if _succeeds("docker", "compose", "version") and _succeeds("docker", "info"):
        return Docker(folder)
    if shutil.which("podman") and (_STAND_INS / "in-podman.sh").exists():
        return Podman(folder)
    pytest.fail("This needs Docker with its compose plugin, or podman.")


def _podman_compose() -> Path:
    """Return the command, installed once in an environment of its own."""
    place = REPOSITORY / ".cache" / "podman-compose"
    command = place / "bin" / "podman-compose"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-qq", _PODMAN_COMPOSE], check=True)
    return command


def _container(facts: dict[str, object]) -> Container:
    state, config = facts["State"], facts["Config"]
    assert isinstance(state, dict)
    assert isinstance(config, dict)
    service = config["Labels"]["com.docker.compose.service"]
    return Container(
        name=str(facts["Name"]).lstrip("/"),
        service=service,
        id=str(facts["Id"]),
        image=config["Image"],
        pid=state["Pid"] if state["Running"] else 0,
    )


def _output(command: Sequence[str], folder: Path, stderr: int = subprocess.PIPE) -> str:
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=stderr, text=True, check=True)
    except subprocess.CalledProcessError as error:
        error.add_note(f"{error.stdout[-2000:]}{(error.stderr or '')[-4000:]}")
        raise
    return done.stdout


def _succeeds(*command: str) -> bool:
    return (
        shutil.which(command[0]) is not None
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def _proportional_bytes(pid: int) -> int:
    """Return a process' memory, of what it shares with others its part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss:\s+(\d+) kB$", text, re.MULTILINE)[0]) * 1024
