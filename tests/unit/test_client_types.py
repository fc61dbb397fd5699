"""The client's methods have the types of what they return: mypy reads this file, strictly."""

import asyncio
import io
from typing import assert_type

import httpx
import pytest

from scriptorium.client import AsyncScriptorium, Event, Job, Scriptorium, ServiceRefused, Transcript

ACCEPTED = {"job_id": "5f0c2a4e9b1d47c8a36e1f0b7d92c485", "status": "completed"}
TRANSCRIPT = {"text": "", "language": "en", "language_probability": 1, "duration_seconds": 0, "segments": []}
STREAM = 'event: status\ndata: {"job_id": "1", "status": "completed", "attempt": 1}\nid: 1-0\n\n'


def answer(request: httpx.Request) -> httpx.Response:
    match request.url.path.split("/")[1]:
        case "events":
            return httpx.Response(200, text=STREAM)
        case "result":
            return httpx.Response(200, json=TRANSCRIPT)
        case "jobs":
            return httpx.Response(200, json={"jobs": [ACCEPTED], "next_cursor": None})
        case _:
            return httpx.Response(200, json=ACCEPTED)


def test_blocking_calls_have_results() -> None:
    with Scriptorium(transport=httpx.MockTransport(answer)) as client:
        assert_type(client.submit(io.BytesIO(b"x"), language="de", diarize=True), Job)
        assert_type(client.wait("1"), Job)
        assert_type(client.transcribe(io.BytesIO(b"x")), Transcript)
        assert_type(client.render("1", "srt"), str)
        for job in client.jobs():
            assert_type(job, Job)
        for event in client.events("1"):
            assert_type(event, Event)


def test_coroutines_have_the_same() -> None:
    async def run() -> None:
        async with AsyncScriptorium(transport=httpx.MockTransport(answer)) as client:
            assert_type(await client.submit(io.BytesIO(b"x"), language="de"), Job)
            transcript, job = await asyncio.gather(client.transcribe(io.BytesIO(b"x")), client.job("1"))
            assert_type(transcript, Transcript)
            assert_type(job, Job)
            async for event in client.events("1"):
                assert_type(event, Event)

    asyncio.run(run())


def test_what_is_no_option_is_refused_by_mypy_and_by_the_service() -> None:
    # Each `ignore` is an error itself where mypy finds nothing to ignore.
    def refuse(request: httpx.Request) -> httpx.Response:
        assert b"beam" in request.content
        return httpx.Response(422, json={"title": "No"})

    with Scriptorium(transport=httpx.MockTransport(refuse)) as client:
        with pytest.raises(ServiceRefused):
            client.submit(io.BytesIO(b"x"), beam_size="five")  # type: ignore[arg-type]
        with pytest.raises(ServiceRefused):
            client.submit(io.BytesIO(b"x"), beams=5)  # type: ignore[call-arg]
