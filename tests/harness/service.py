"""The whole service as a user starts it, `scriptorium up`, and what a client does with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import redis

from cli.ports import free_port

REPOSITORY = Path(__file__).parents[2]
MODEL_CACHE = REPOSITORY / ".cache" / "models"
T = TypeVar("T")
FINISHED = {"completed", "failed", "cancelled"}


class Service:
    """A running `scriptorium up`. Settings that tests depend on are given, the rest are the product's defaults."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self._settings = settings
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self.client.close()

    def start(self) -> None:
        """Start and wait until it says that it is ready."""
        self.lines = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"],
            cwd=self.data_dir,  # where no .env of the repository is read
            env=environment(PORT=str(self.port), DATA_DIR=str(self.data_dir), **self._settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self.wait_for_line("ready at")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop as Ctrl-C does and return the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(60)

    def wait_for_line(self, text: str, *, seconds: float = 90) -> str:
        """Return the first line of output that holds a text, as soon as there is one."""
        return until(lambda: next((line for line in list(self.lines) if text in line), None), seconds, self.output)

    def output(self) -> str:
        """Return what was printed last."""
        return "\n".join(self.lines[-60:])

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def redis(self) -> redis.Redis:
        """Return a client of the service's own Valkey."""
        url = (self.data_dir / "valkey" / "url").read_text().strip()
        return redis.Redis.from_url(url, decode_responses=True)

    def media_files(self) -> list[str]:
        """Return the names of the files in the media folder."""
        return sorted(path.name for path in (self.data_dir / "media").iterdir())

    def post(
        self, media: bytes | Path, *, name: str = "audio", headers: Mapping[str, str] | None = None, **options: str
    ) -> httpx.Response:
        """Post a file; the same file with the same options may share a work."""
        content = media.read_bytes() if isinstance(media, Path) else media
        return self.client.post("/transcribe", files={"file": (name, content)}, data=options, headers=headers)

    def submit(self, media: bytes | Path, *, name: str = "audio", **options: str) -> str:
        """Post a file to be transcribed whatever was done before, and return the id of its job."""
        answer = self.post(media, name=name, headers={"Cache-Control": "no-cache"}, **options)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def answered(self, method: str, route: str, status: int) -> float:
        """Return how many requests of a route were answered with a status, by its metrics."""
        wanted = f'transcription_requests_total{{method="{method}",route="{route}",status="{status}"}}'
        lines = self.client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(wanted))

    def status(self, job_id: str) -> dict[str, Any]:
        """Return a job's status document."""
        answer = self.client.get(f"/status/{job_id}")
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def finished(self, job_id: str, *, seconds: float = 120) -> dict[str, Any]:
        """Wait until a job is finished and return its status document."""

        def look() -> dict[str, Any] | None:
            document = self.status(job_id)
            return document if document["status"] in FINISHED else None

        return until(look, seconds, self.output)

    def transcribed(self, media: bytes | Path, *, name: str = "audio", **options: str) -> dict[str, Any]:
        """Post a file, wait, and return its transcript as JSON."""
        job_id = self.submit(media, name=name, **options)
        document = self.finished(job_id)
        assert document["status"] == "completed", document
        transcript: dict[str, Any] = self.client.get(f"/result/{job_id}").json()
        return transcript

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))


def environment(**settings: str) -> Mapping[str, str]:
    """Return the environment of a process under test: this one's, without any of our settings, plus the given.

    Unless it is told to, it limits nobody's rate, for tests ask more often than people do, and keeps no audio that is
    done with, for tests look whether it goes.
    """
    ours = {name for name in os.environ if name in _SETTING_NAMES}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    ours_by_default = {
        "MODEL_CACHE_DIR": str(MODEL_CACHE),
        "RATE_LIMIT_SUBMIT": "off",
        "RATE_LIMIT_READ": "off",
        "KEEP_AUDIO_HOURS": "0",
    }
    return inherited | ours_by_default | settings


def until(look: Callable[[], T | None], seconds: float, context: Callable[[], str] = str) -> T:
    """Return what `look` returns once it is something; fail after so many seconds, with the context."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            message = f"nothing came within {seconds} s\n{context()}"
            raise AssertionError(message)
        time.sleep(0.05)
    return found


def _setting_names() -> set[str]:
    from api.settings import GatewaySettings
    from cli.settings import UpSettings
    from worker.settings import WorkerSettings

    return {
        name.upper() for settings in (GatewaySettings, WorkerSettings, UpSettings) for name in settings.model_fields
    }


_SETTING_NAMES = _setting_names()
