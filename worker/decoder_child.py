"""The decoder's child process: it shuts itself in, reads the files it is asked for, and says how each one ended.

FFmpeg has holes at any time, so what a file can do here is bounded: memory, computing time, open files, no writing to
disk, no network where the kernel lets us leave it. Requests come through one pipe; what a file holds goes back through
another, message by message, as fast as the worker reads. A child that ends without an outcome has crashed.
"""

import ctypes
import gc
import json
import os
import resource
import signal
import struct
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from core.errors import TranscriptionFailure
from worker import decoding
from worker.audio import SAMPLE_RATE, WINDOW_SECONDS

PROCESS_NAME: Final = b"decoder"
"""What `ps` and `/proc/<pid>/comm` call it while it reads a file."""
IDLE_PROCESS_NAME: Final = b"decoder-idle"
"""What they call it while it waits for one."""

MESSAGE: Final = struct.Struct("<cI")
"""What every message begins with: its kind, and how many bytes follow."""
IDENTIFIED: Final = b"i"
"""JSON: `{"container": str, "codec": str | null}`, FFmpeg's names; said once, as soon as the file is open."""
OPENED: Final = b"o"
"""JSON: `{"header_seconds": float | null, "channels": int}`."""
WINDOW: Final = b"w"
"""Samples, as `decoding.Recording.windows` yields them."""
OUTCOME: Final = b"e"
"""JSON, and the last that is said about a file: `{"cpu_seconds": float}`, the child's computing time so far, or
`{"failure": FailureCode, "detail": str}`, `{"out_of_memory": str}` or `{"traceback": str}`."""
MESSAGE_BYTES: Final = WINDOW_SECONDS * SAMPLE_RATE * decoding.SAMPLE_BYTES * decoding.MAX_CHANNELS
"""No message is longer: a window of all channels is the longest."""
PIPE_BYTES: Final = 1 << 20
"""Asked of the kernel for the messages' pipe, so that a short clip fits in and is done with at once."""

REUSE_CPU_SECONDS: Final = 60
"""A child that has computed longer reads no further file."""

_MEMORY_BYTES: Final = 1 << 30
"""Of address space, all in: interpreter and libraries take 0.1 GiB of it, numpy would take most."""
_OPEN_FILES: Final = 16
_CPU_SECONDS: Final = 60
_CPU_SECONDS_PER_AUDIO_SECOND: Final = 0.1
"""Ten times what the slowest codec took of those measured (WavPack at 192 kHz: 0.009; MP3: 0.001)."""
_TRACEBACK_CHARACTERS: Final = 4_000

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
"""Of <linux/prctl.h>."""
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
"""Of <linux/sched.h>."""


def main(*, max_audio_seconds: float, requests: Connection, told: Connection) -> None:
    """Answer each request in `requests` with messages in `told`, until no more can come.

    A request is JSON: `{"media": path, "header_only": bool, "split_channels": bool}`.
    """
    libc = ctypes.CDLL(None)
    _shut_in(libc, max_audio_seconds, keep={requests.fileno(), told.fileno()})
    # What the fork server had is here for good.
    gc.freeze()
    while True:
        # Last: who finds it by its name finds it shut in, and done with the file before.
        _call_itself(libc, IDLE_PROCESS_NAME)
        try:
            request = json.loads(requests.recv_bytes())
        except EOFError:
            return
        _renew_cpu_limit(max_audio_seconds)
        _call_itself(libc, PROCESS_NAME)
        outcome = _outcome(request, max_audio_seconds, told.fileno())
        _call_itself(libc, IDLE_PROCESS_NAME)
        _tell_json(told.fileno(), OUTCOME, outcome)
        _forget(libc)


def cpu_seconds(max_audio_seconds: float) -> int:
    """Return how long a child may compute for one file, of audio of at most this length."""
    return round(_CPU_SECONDS + _CPU_SECONDS_PER_AUDIO_SECOND * max_audio_seconds)


def _outcome(request: dict[str, Any], max_audio_seconds: float, told: int) -> dict[str, Any]:
    """Tell what a file holds, and return how that ended."""
    media = Path(request["media"])

    def identified(container: str, codec: str | None) -> None:
        _tell_json(told, IDENTIFIED, {"container": container, "codec": codec})

    try:
        if request["header_only"]:
            seconds = decoding.header_seconds(media, identified=identified)
            _tell_json(told, OPENED, {"header_seconds": seconds, "channels": 1})
        else:
            with decoding.opened(
                media,
                max_seconds=max_audio_seconds,
                split_channels=request["split_channels"],
                identified=identified,
            ) as recording:
                _tell_json(told, OPENED, {"header_seconds": recording.header_seconds, "channels": recording.channels})
                for window in recording.windows():
                    _tell(told, WINDOW, window)
    except TranscriptionFailure as failure:
        return {"failure": failure.failure, "detail": failure.detail}
    except MemoryError:
        return {"out_of_memory": f"The file needs more than {_MEMORY_BYTES >> 30} GiB of memory to decode."}
    except Exception:  # noqa: BLE001 - the worker logs it
        return {"traceback": traceback.format_exc()[-_TRACEBACK_CHARACTERS:]}
    return {"cpu_seconds": time.process_time()}


def _tell(told: int, kind: bytes, content: bytes | bytearray) -> None:
    """Write a message, however long the worker takes to read it."""
    parts = [memoryview(MESSAGE.pack(kind, len(content))), memoryview(content)]
    while parts:
        written = os.writev(told, parts)
        while parts and written >= len(parts[0]):
            written -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][written:]


def _tell_json(told: int, kind: bytes, content: dict[str, Any]) -> None:
    _tell(told, kind, json.dumps(content).encode())


def _forget(libc: ctypes.CDLL) -> None:
    """Give back what the file has left in memory: the next one, of somebody else perhaps, finds zeros there."""
    # PyAV's containers and streams refer to each other.
    gc.collect()
    # Only glibc has it; it gives back whole pages, wherever they lie in the heap.
    with suppress(AttributeError):
        libc.malloc_trim(0)


def _shut_in(libc: ctypes.CDLL, max_audio_seconds: float, *, keep: set[int]) -> None:
    # Root leaves the network as it is; others need to own a user namespace for that, where the kernel grants them one.
    # Root would lose in one what lets it read everybody's files.
    libc.unshare(_CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET)
    # Die with the fork server, which dies with the worker: once the last copy of its "alive" pipe is closed, and
    # multiprocessing gives every child one. After `unshare`, which may take the order back.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _close_all_but(keep)
    # A worker that stopped listening needs no traceback.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _limit(resource.RLIMIT_AS, _MEMORY_BYTES)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    # For good: what the files before may have taken, a file's own share, and a second between SIGXCPU, which says why,
    # and SIGKILL, which does not.
    seconds = cpu_seconds(max_audio_seconds)
    _limit(resource.RLIMIT_CPU, seconds, hard=REUSE_CPU_SECONDS + seconds + 1)


def _renew_cpu_limit(max_audio_seconds: float) -> None:
    """Let the next file have as much as the first one: the kernel counts what all of them have taken."""
    _, highest = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(time.process_time()) + cpu_seconds(max_audio_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (min(wanted, highest), highest))


def _call_itself(libc: ctypes.CDLL, name: bytes) -> None:
    libc.prctl(_PR_SET_NAME, name)


def _limit(what: int, soft: int, *, hard: int | None = None) -> None:
    """Set a limit, for good; one that is stricter already stays."""
    _, highest = resource.getrlimit(what)
    wanted = (soft, soft if hard is None else hard)
    resource.setrlimit(
        what, wanted if highest == resource.RLIM_INFINITY else (min(wanted[0], highest), min(wanted[1], highest))
    )


def _close_all_but(kept: set[int]) -> None:
    """Close every descriptor but the standard streams and those named."""
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))
