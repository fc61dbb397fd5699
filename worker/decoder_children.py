"""The decoder's children as the worker sees them: started, asked, listened to, kept warm, ended.

They are forked from a small server process that has FFmpeg loaded, never from the worker with its model and threads.
"""

import fcntl
import json
import os
import select
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver, get_context, resource_tracker, util
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog

from core.errors import FailureCode, TranscriptionFailure
from worker import decoder_child

_FILES_PER_CHILD: Final = 32
"""Bounds how long what FFmpeg leaks, or a fault that a file has left behind, can last."""
_REAP_SECONDS: Final = 5.0
"""A killed child is gone in milliseconds, unless it hangs in the kernel, on a dead network disk perhaps."""
_AT_WORK: Final = 0.2
"""The part of a silence that a child must have computed for its file to be blamed and not the machine: of half a minute
that is six seconds, which are twenty windows of the slowest codec measured."""
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_BEFORE_MULTIPROCESSING_WAITS: Final = 10
"""An exit priority: from 0 on, before multiprocessing joins its children, of which ours wait for files."""

# multiprocessing keeps one list of children per process, looks through it at every start, and reads an exit code once.
_processes = threading.Lock()
_context = get_context("forkserver")

logger = structlog.get_logger(__name__)


class UnsoundChild(Exception):
    """A child failed without a verdict on its file: it crashed, or met what it did not expect.

    Attributes:
        failure: What to make of it if the child has read no other file, which could be to blame.
    """

    def __init__(self, failure: FailureCode, detail: str) -> None:
        super().__init__(detail)
        self.failure = TranscriptionFailure(failure, detail)


class Message(NamedTuple):
    """One thing that a child says about a file."""

    kind: bytes
    content: bytearray

    def json(self) -> dict[str, Any]:
        """Return the content of a message that is no window."""
        content: dict[str, Any] = json.loads(self.content)
        return content


class Child:
    """One child, for one thread at a time; only `kill` may come from any.

    Args:
        max_audio_seconds: Longest audio that it decodes.
        timeout_seconds: How long it may send nothing while it is waited for.
    """

    def __init__(self, *, max_audio_seconds: float, timeout_seconds: float) -> None:
        self._max_audio_seconds = max_audio_seconds
        self._timeout_seconds = timeout_seconds
        self._files = 0
        self._ending = threading.Lock()
        self._is_ended = False
        requests_end, self._requests = _context.Pipe(duplex=False)
        self._told, told_end = _context.Pipe(duplex=False)
        # A user who has many pipes gets no larger ones; they do as well.
        with suppress(PermissionError):
            fcntl.fcntl(self._told.fileno(), fcntl.F_SETPIPE_SZ, decoder_child.PIPE_BYTES)
        self._readable = select.poll()
        self._readable.register(self._told.fileno(), select.POLLIN)
        self._process = _context.Process(
            target=decoder_child.main,
            kwargs={"max_audio_seconds": max_audio_seconds, "requests": requests_end, "told": told_end},
            daemon=True,
        )
        # The child has its own copies of its ends; ours would keep the pipes from ending.
        with requests_end, told_end, _processes, _stop_signals_blocked():
            self._process.start()

    @property
    def is_used(self) -> bool:
        """Whether it has been asked for another file before its present one."""
        return self._files > 1

    @property
    def can_be_reused(self) -> bool:
        """Whether it may read another file, so far as their number goes."""
        return self._files < _FILES_PER_CHILD

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not connection.wait([self._process.sentinel], 0)

    def ask(self, request: dict[str, Any]) -> None:
        """Send it to its next file."""
        self._files += 1
        # One that is gone is found out when it does not answer.
        with suppress(BrokenPipeError):
            self._requests.send_bytes(json.dumps(request).encode())

    def message(self) -> Message:
        """Wait for the next thing that it says about its file.

        Raises:
            TranscriptionFailure: its verdict, or `timed_out`.
            UnsoundChild: it died, failed without a verdict, or computes on and on.
        """
        kind, size = decoder_child.MESSAGE.unpack(self._read(decoder_child.MESSAGE.size))
        if size > decoder_child.MESSAGE_BYTES:
            raise overrun()
        message = Message(kind, self._read(size))
        if kind != decoder_child.OUTCOME:
            return message
        outcome = message.json()
        if "failure" in outcome:
            raise TranscriptionFailure(FailureCode(outcome["failure"]), outcome["detail"])
        if "out_of_memory" in outcome:
            raise UnsoundChild(FailureCode.AUDIO_UNDECODABLE, outcome["out_of_memory"])
        if "traceback" in outcome:
            logger.error("decoder_error", traceback=outcome["traceback"])
            raise UnsoundChild(
                FailureCode.INTERNAL_ERROR, "An unexpected error in the decoder; its traceback is in the log."
            )
        return message

    def kill(self) -> None:
        """Have it end now, if it still runs; what it has said can still be read."""
        with self._ending:
            if not self._is_ended and self.is_alive:
                self._process.kill()

    def end(self) -> None:
        """Kill it if it still runs, and forget it."""
        self.kill()
        with self._ending:
            if self._is_ended:
                return
            self._is_ended = True
            self._requests.close()
            self._told.close()
            if self._exit_code(_REAP_SECONDS) is None:
                logger.warning("decoder_not_reaped", pid=self._process.pid)
            else:
                self._process.close()

    def _read(self, count: int) -> bytearray:
        content = bytearray(count)
        left = memoryview(content)
        while left:
            self._await_more()
            if not (got := os.readv(self._told.fileno(), [left])):
                raise self._crash()
            left = left[got:]
        return content

    def _await_more(self) -> None:
        """Wait until there is something to read.

        Raises:
            TranscriptionFailure: `timed_out`: it waits for something itself, or for its turn on a busy machine.
            UnsoundChild: it was at work, and gave nothing all the same.
        """
        half_seconds = self._timeout_seconds / 2
        if self._readable.poll(half_seconds * 1000):
            return
        computed_before = self._computed_seconds()
        if self._readable.poll(half_seconds * 1000):
            return
        if self._computed_seconds() - computed_before < _AT_WORK * half_seconds:
            raise self._timed_out()
        raise UnsoundChild(
            FailureCode.AUDIO_UNDECODABLE,
            f"The file kept the decoder computing for {self._timeout_seconds:g} s (DECODE_TIMEOUT_SECONDS) without "
            "giving any audio. It is damaged.",
        )

    def _computed_seconds(self) -> float:
        """Return the computing time it has taken so far; 0 if it is gone."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0.0
        # Behind its name, which may hold anything: see proc(5), fields 14 and 15.
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _exit_code(self, timeout_seconds: float) -> int | None:
        """Wait for its end and return its exit code, negative for a signal; None if it runs on."""
        connection.wait([self._process.sentinel], timeout_seconds)
        with _processes:
            self._process.join(0)
            return self._process.exitcode

    def _timed_out(self) -> TranscriptionFailure:
        return TranscriptionFailure(
            FailureCode.TIMED_OUT,
            f"The decoder gave nothing for {self._timeout_seconds:g} s (DECODE_TIMEOUT_SECONDS).",
        )

    def _crash(self) -> Exception:
        """Return what to make of its silence, by its exit code."""
        exit_code = self._exit_code(self._timeout_seconds)
        if exit_code is None:
            return self._timed_out()
        if exit_code >= 0:
            # Files crash FFmpeg by signals. A status comes from Python, or (255) from a lost fork server.
            return UnsoundChild(
                FailureCode.INTERNAL_ERROR, f"The decoder ended before its time (exit status {exit_code})."
            )
        if exit_code == -signal.SIGKILL:
            # Not by us: a child that we kill has been given up before.
            return UnsoundChild(
                FailureCode.OUT_OF_MEMORY, "The decoder was killed: the machine has too little memory, most likely."
            )
        if exit_code == -signal.SIGXCPU:
            seconds = decoder_child.cpu_seconds(self._max_audio_seconds)
            # Counted for this file alone.
            return TranscriptionFailure(
                FailureCode.AUDIO_UNDECODABLE, f"The file needs more than {seconds} s of computing to decode."
            )
        return UnsoundChild(
            FailureCode.AUDIO_UNDECODABLE, f"The decoder crashed on this file ({_signal_name(-exit_code)})."
        )


class Children:
    """The children of one decoder: those that wait for files, and a way to get more. For any number of threads.

    Args:
        max_audio_seconds: Longest audio that they decode.
        timeout_seconds: How long one may send nothing while it is waited for.
        warm: How many wait for files, at most.
    """

    def __init__(self, *, max_audio_seconds: float, timeout_seconds: float, warm: int) -> None:
        self._max_audio_seconds = max_audio_seconds
        self._timeout_seconds = timeout_seconds
        self._warm = warm
        self._lock = threading.Lock()
        _context.set_forkserver_preload([decoder_child.__name__])
        # Started together with the fork server, it would unblock the signals between the two.
        resource_tracker.ensure_running()
        with _stop_signals_blocked():
            forkserver.ensure_running()
        self._idle = [self.start() for _ in range(warm)]
        util.Finalize(None, _close, args=(weakref.ref(self),), exitpriority=_BEFORE_MULTIPROCESSING_WAITS)

    def start(self) -> Child:
        """Return a child that has read no file yet."""
        return Child(max_audio_seconds=self._max_audio_seconds, timeout_seconds=self._timeout_seconds)

    def take(self) -> Child:
        """Return a child that waits for a file."""
        while True:
            with self._lock:
                # The last one's memory is the likeliest to be in the processor's caches.
                child = self._idle.pop() if self._idle else None
            if child is None:
                return self.start()
            if child.is_alive:
                return child
            child.end()

    def take_back(self, child: Child, outcome: Message) -> None:
        """Have a child that has ended its file well wait for the next one, or end it."""
        reusable = child.can_be_reused and outcome.json()["cpu_seconds"] < decoder_child.REUSE_CPU_SECONDS
        with self._lock:
            if is_kept := reusable and len(self._idle) < self._warm:
                self._idle.append(child)
        if not is_kept:
            child.end()

    def close(self) -> None:
        """End those that wait for files, and let none wait from now on."""
        with self._lock:
            self._warm = 0
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()


def overrun() -> TranscriptionFailure:
    """Return the failure of a file whose child says what a sound one never would: it counts and stops by itself."""
    return TranscriptionFailure(FailureCode.AUDIO_UNDECODABLE, "The file made the decoder overrun.")


def _close(children: "weakref.ref[Children]") -> None:
    if (alive := children()) is not None:
        alive.close()


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
