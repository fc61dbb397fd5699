"""wyoming-faster-whisper, Home Assistant's server, over the Wyoming protocol.

The protocol: events of one JSON line each, with `payload_length` bytes behind it, if any. It carries raw samples, so
clips are decoded before anything is measured, and this server never decodes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from bench.clients import Ask
from bench.peers.environment import program, weights
from bench.peers.server import Server
from bench.systems import cores
from tests.media import Reference
from worker.audio import SAMPLE_RATE
from worker.decoding import opened

_FORMAT = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}
_CHUNK_BYTES = 2 * SAMPLE_RATE
_LONGEST_SECONDS = 7200


def wyoming_faster_whisper(clients: int) -> Server:
    """Return it with int8, a thread for each core (its default is 4) and otherwise its defaults."""
    return Server("wyoming-faster-whisper", clients, _command, _connected, prepare=lambda clip: _samples(clip.path))


def _command(port: int, folder: Path) -> Sequence[str]:
    return [
        program("python"),
        *("-m", "wyoming_faster_whisper", "--uri", f"tcp://127.0.0.1:{port}", "--data-dir", str(folder)),
        *("--model", str(weights()), "--compute-type", "int8", "--stt-library", "faster-whisper"),
        *("--cpu-threads", str(cores())),
    ]


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[Ask]:
    async def ask(clip: Reference) -> str:
        samples = _samples(clip.path)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            _write(writer, "transcribe")
            _write(writer, "audio-start", _FORMAT)
            for start in range(0, len(samples), _CHUNK_BYTES):
                _write(writer, "audio-chunk", _FORMAT, samples[start : start + _CHUNK_BYTES])
            _write(writer, "audio-stop")
            await writer.drain()
            return await _transcript(reader)
        finally:
            writer.close()

    yield ask


def _write(
    writer: asyncio.StreamWriter, event: str, data: dict[str, int] | None = None, payload: bytes | None = None
) -> None:
    header = {"type": event, "data": data or {}} | ({"payload_length": len(payload)} if payload else {})
    writer.write(json.dumps(header).encode() + b"\n" + (payload or b""))


async def _transcript(reader: asyncio.StreamReader) -> str:
    """Read events until the one with the transcript, and return its text."""
    while line := await reader.readline():
        event = json.loads(line)
        data = event.get("data", {})
        if length := event.get("data_length"):
            data |= json.loads(await reader.readexactly(length))
        if length := event.get("payload_length"):
            await reader.readexactly(length)
        if event["type"] == "transcript":
            text: str = data["text"]
            return text
    raise ConnectionError("the server closed the connection without a transcript")


@cache
def _samples(path: Path) -> bytes:
    with opened(path, max_seconds=_LONGEST_SECONDS) as recording:
        return b"".join(recording.windows())
