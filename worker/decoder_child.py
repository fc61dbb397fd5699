"""The decoder's child process: it shuts itself in, reads one file, and says how that ended.

FFmpeg has holes at any time, so what a file can do here is bounded: memory, computing time, open files, no writing to
disk, no network where the kernel lets us leave it. Samples go down one pipe; the outcome, as JSON, down another, before
the first one ends: a child that ends without an outcome has crashed.
"""

import ctypes
import json
import os
import resource
import signal
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from core.errors import FailureCode, TranscriptionFailure
from worker import decoding

PROCESS_NAME: Final = b"decoder"
"""What `ps` and `/proc/<pid>/comm` call it."""
PIPE_BYTES: Final = 65_536
"""What a pipe of Linux holds: an outcome is shorter, so that writing it waits for nobody."""

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


def main(media: Path, *, header_only: bool, max_audio_seconds: float, pcm: Connection, outcome: Connection) -> None:
    """Write a file's 16-bit samples to `pcm`, or none if only its header is asked for; then tell the outcome.

    The outcome is one of `{}`, `{"header_seconds": float | null}`, `{"failure": FailureCode, "detail": str}` and
    `{"traceback": str}`.
    """
    _shut_in(max_audio_seconds, keep={pcm.fileno(), outcome.fileno()})
    told: dict[str, Any] = {}
    try:
        if header_only:
            told["header_seconds"] = decoding.header_seconds(media)
        else:
            with open(pcm.fileno(), "wb", buffering=PIPE_BYTES, closefd=False) as samples:
                samples.writelines(decoding.windows(media, max_seconds=max_audio_seconds))
    except TranscriptionFailure as failure:
        told = {"failure": failure.failure, "detail": failure.detail}
    except MemoryError:
        told = {
            "failure": FailureCode.AUDIO_UNDECODABLE,
            "detail": f"The file needs more than {_MEMORY_BYTES >> 30} GiB of memory to decode.",
        }
    except Exception:  # noqa: BLE001 - the worker logs it
        told = {"traceback": traceback.format_exc()[-_TRACEBACK_CHARACTERS:]}
    os.write(outcome.fileno(), json.dumps(told).encode())
    pcm.close()


def cpu_seconds(max_audio_seconds: float) -> int:
    """Return how long a child may compute for audio of at most this length."""
    return round(_CPU_SECONDS + _CPU_SECONDS_PER_AUDIO_SECOND * max_audio_seconds)


def _shut_in(max_audio_seconds: float, *, keep: set[int]) -> None:
    libc = ctypes.CDLL(None)
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
    # A second between SIGXCPU, which says why, and SIGKILL, which does not.
    seconds = cpu_seconds(max_audio_seconds)
    _limit(resource.RLIMIT_CPU, seconds, hard=seconds + 1)
    # Last: who finds it by its name finds it shut in.
    libc.prctl(_PR_SET_NAME, PROCESS_NAME)


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
