"""The service as its clients have it: `scriptorium up` with the product's defaults, clips posted over HTTP."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, get_args

import aiohttp

from bench.clients import Ask, answers
from bench.systems import Run, measured
from tests.harness.service import Service
from tests.media import Reference, clip

Quality = Literal["fast", "balanced", "accurate"]
QUALITIES: tuple[Quality, ...] = get_args(Quality)
"""Values of the form field `quality`."""
_WAIT_SECONDS = 30
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class ServiceRunner:
    """A fresh service for every run, asked by so many clients at once."""

    quality: Quality | None
    """None: what the service does when no quality is asked for."""
    at_once: int

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"Scriptorium, {self.quality or 'default'}"

    @property
    def clients(self) -> str:
        """By how many clients it is asked at once."""
        return str(self.at_once)

    def transcribe(self, clips: Sequence[Reference]) -> Run:
        """Start the service, have it transcribe the clips and stop it."""
        with service() as running:
            return measured(
                running.process_id, lambda: answers(clips, self.at_once, lambda: _connected(running, self.quality))
            )


@contextmanager
def service(**settings: str) -> Iterator[Service]:
    """Run a fresh, warm service that limits nobody's rate; settings as in its environment."""
    with tempfile.TemporaryDirectory() as folder:
        running = Service(Path(folder), **settings)
        try:
            running.start()
            running.transcribed(clip("garden"))
            yield running
        finally:  # also when it didn't become ready, lest it be measured with what comes next
            running.stop()
            running.client.close()


def verbose_transcript(media: Reference) -> dict[str, Any]:
    """Return a clip's transcript with its segments, from a fresh service, as the format `verbose_json` has it."""
    with service() as running:
        job_id = running.submit(media.path)
        running.finished(job_id, seconds=media.duration_seconds)
        answer = running.client.get(f"/result/{job_id}", params={"format": "verbose_json"})
        transcript: dict[str, Any] = answer.raise_for_status().json()
        return transcript


@asynccontextmanager
async def _connected(running: Service, quality: Quality | None) -> AsyncIterator[Ask]:
    async with aiohttp.ClientSession(
        base_url=str(running.client.base_url),
        timeout=aiohttp.ClientTimeout(_TIMEOUT_SECONDS),
        headers={"Cache-Control": "no-cache"},  # nobody else's result, not even an earlier one of this clip
    ) as client:

        async def ask(media: Reference) -> str:
            form = aiohttp.FormData({"quality": quality} if quality else {})
            form.add_field("file", media.path.read_bytes(), filename=media.path.name)
            async with client.post("/transcribe", data=form, raise_for_status=True) as accepted:
                job_id = (await accepted.json())["job_id"]
            while True:
                async with client.get(f"/result/{job_id}", params={"format": "text", "wait": _WAIT_SECONDS}) as result:
                    if result.status != HTTPStatus.CONFLICT:  # not finished yet
                        result.raise_for_status()
                        return await result.text()

        yield ask
