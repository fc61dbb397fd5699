"""faster-whisper-server of PyPI (andyjjrt's): a FastAPI application with OpenAI's routes over faster-whisper."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench.clients import Ask
from bench.peers.environment import program, weights
from bench.peers.server import Server
from tests.media import Reference

_MODEL = "whisper-1"
_TIMEOUT_SECONDS = 1200.0


def faster_whisper_server(clients: int) -> Server:
    """Return it with int8 and otherwise its defaults."""
    return Server("faster-whisper-server", clients, _command, _connected)


def _command(port: int, folder: Path) -> Sequence[str]:
    options = {"device": "cpu", "compute_type": "int8"}
    models = [{"name": _MODEL, "path": str(weights()), "model_options": options}]
    settings = folder / "settings.yaml"
    settings.write_text(json.dumps({"models": models}))  # JSON is YAML
    return [
        program("faster-whisper-server"),
        *("--host", "127.0.0.1", "--port", str(port), "--config", str(settings)),
    ]


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[Ask]:
    async with aiohttp.ClientSession(
        base_url=f"http://127.0.0.1:{port}", timeout=aiohttp.ClientTimeout(_TIMEOUT_SECONDS)
    ) as client:

        async def ask(clip: Reference) -> str:
            form = aiohttp.FormData({"model": _MODEL})
            form.add_field("file", clip.path.read_bytes(), filename=clip.path.name)
            async with client.post("/v1/audio/transcriptions", data=form, raise_for_status=True) as answer:
                text: str = (await answer.json())["text"]
            return text

        yield ask
