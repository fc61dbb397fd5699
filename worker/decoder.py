"""Decodes media in child processes: a file that crashes or hangs the decoder costs its job and nothing else.

Children are forked from a small server process that has FFmpeg loaded, never from the worker with its model and its
threads. Everything that comes back is data: samples, and an outcome in JSON.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, forkserver, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog

from core.errors import FailureCode, TranscriptionFailure
from worker import decoder_child
from worker.audio import SAMPLE_RATE, Audio

_SAMPLE: Final = np.dtype(np.int16)
_FULL_SCALE: Final = np.float32(32_768)
_REAP_SECONDS: Final = 5.0
"""A killed child is gone in milliseconds, unless it hangs in the kernel, on a dead network disk perhaps."""
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# multiprocessing keeps one list of children per process, looks through it at every start, and reads an exit code once.
_children = threading.Lock()

logger = structlog.get_logger(__name__)


class Decoder:
    """Decodes for any number of threads at once, each in a child of its own.

    Args:
        max_audio_seconds: Longest audio that is decoded.
        timeout_seconds: A child that sends nothing for so long is killed.
    """

    def __init__(self, *, max_audio_seconds: float, timeout_seconds: float) -> None:
        self._max_audio_seconds = max_audio_seconds
        self._timeout_seconds = timeout_seconds
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([decoder_child.__name__])
        # Started together with the fork server, it would unblock the signals between the two.
        resource_tracker.ensure_running()
        with _stop_signals_blocked():
            forkserver.ensure_running()

    def decode(self, media: Path) -> Audio:
        """Decode the first audio stream of a file, mixed down to one channel.

        Raises:
            TranscriptionFailure: `media_missing`, `audio_undecodable` (crashes and the child's limits as well),
                `no_audio_stream`, `audio_empty`, `audio_too_long`; `timed_out`, `out_of_memory` or `internal_error`
                where the media need not be to blame.
        """
        pcm, _ = self._run(media, header_only=False)
        return Audio(np.divide(np.frombuffer(pcm, dtype=_SAMPLE), _FULL_SCALE, dtype=np.float32))

    def header_seconds(self, media: Path) -> float | None:
        """Return the length that a file's header declares, without decoding; None if it declares none.

        Raises:
            TranscriptionFailure: as `decode`, for a file that can't be opened.
        """
        _, outcome = self._run(media, header_only=True)
        seconds: float | None = outcome["header_seconds"]
        return seconds

    def _run(self, media: Path, *, header_only: bool) -> tuple[bytearray, dict[str, Any]]:
        pcm, pcm_end = self._context.Pipe(duplex=False)
        outcome, outcome_end = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=decoder_child.main,
            args=(media,),
            kwargs={
                "header_only": header_only,
                "max_audio_seconds": self._max_audio_seconds,
                "pcm": pcm_end,
                "outcome": outcome_end,
            },
            daemon=True,
        )
        with pcm, outcome:
            # The child has its own copies of the ends; ours would keep the pipes from ending.
            with pcm_end, outcome_end, _children, _stop_signals_blocked():
                process.start()
            try:
                samples = self._read(pcm)
                # Written before the samples end, or never.
                told = os.read(outcome.fileno(), decoder_child.PIPE_BYTES) if outcome.poll() else b""
                if not told:
                    raise self._crash(_exit_code(process, self._timeout_seconds))
            finally:
                _end(process)
        return samples, _checked(json.loads(told))

    def _read(self, pcm: Connection) -> bytearray:
        samples = bytearray()
        while True:
            if not pcm.poll(self._timeout_seconds):
                raise self._timed_out()
            piece = os.read(pcm.fileno(), decoder_child.PIPE_BYTES)
            if not piece:
                return samples
            samples += piece
            if len(samples) > self._max_audio_seconds * SAMPLE_RATE * _SAMPLE.itemsize:
                # A sound child counts and stops by itself.
                raise TranscriptionFailure(FailureCode.AUDIO_UNDECODABLE, "The file made the decoder overrun.")

    def _timed_out(self) -> TranscriptionFailure:
        return TranscriptionFailure(
            FailureCode.TIMED_OUT,
            f"The decoder gave nothing for {self._timeout_seconds:g} s (DECODE_TIMEOUT_SECONDS).",
        )

    def _crash(self, exit_code: int | None) -> TranscriptionFailure:
        """Return what to make of a child that said nothing, by its exit code (None: it still runs)."""
        if exit_code is None:
            return self._timed_out()
        if exit_code >= 0:
            # Files crash FFmpeg by signals. A status comes from Python, or (255) from a lost fork server.
            return TranscriptionFailure(
                FailureCode.INTERNAL_ERROR, f"The decoder ended before its time (exit status {exit_code})."
            )
        if exit_code == -signal.SIGKILL:
            # Not by us: a child that we kill has been given up before.
            return TranscriptionFailure(
                FailureCode.OUT_OF_MEMORY, "The decoder was killed: the machine has too little memory, most likely."
            )
        if exit_code == -signal.SIGXCPU:
            seconds = decoder_child.cpu_seconds(self._max_audio_seconds)
            return TranscriptionFailure(
                FailureCode.AUDIO_UNDECODABLE, f"The file needs more than {seconds} s of computing to decode."
            )
        return TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE, f"The decoder crashed on this file ({_signal_name(-exit_code)})."
        )


def _checked(outcome: dict[str, Any]) -> dict[str, Any]:
    if "failure" in outcome:
        raise TranscriptionFailure(FailureCode(outcome["failure"]), outcome["detail"])
    if "traceback" in outcome:
        logger.error("decoder_error", traceback=outcome["traceback"])
        raise TranscriptionFailure(
            FailureCode.INTERNAL_ERROR, "An unexpected error in the decoder; its traceback is in the log."
        )
    return outcome


def _exit_code(process: ForkServerProcess, timeout_seconds: float) -> int | None:
    """Wait for a child's end and return its exit code, negative for a signal; None if it runs on."""
    connection.wait([process.sentinel], timeout_seconds)
    with _children:
        process.join(0)
        return process.exitcode


def _end(process: ForkServerProcess) -> None:
    """Kill what still runs, and forget the child."""
    if not connection.wait([process.sentinel], 0):
        process.kill()
    if _exit_code(process, _REAP_SECONDS) is None:
        logger.warning("decoder_not_reaped", pid=process.pid)
    else:
        process.close()


@contextmanager
def _stop_signals_blocked() -> Iterator[None]:
    """Have the processes that start meanwhile pass over the signals that stop a worker.

    They come to whole process groups and services. The worker hands its jobs back then, and its children end with it;
    had they died first, their jobs would seem to have crashed them. A signal mask outlives fork and exec.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
