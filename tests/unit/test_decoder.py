"""A file that crashes, hangs or starves the decoder costs its job, and nothing else."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from core.errors import FailureCode, TranscriptionFailure
from tests.harness.decoders import decoders_of, running_decoder, wait_until_gone
from tests.media import clip, silence_wav, tone_wav
from worker.decoder import Decoder

if TYPE_CHECKING:
    from worker.audio import Audio

ROOT = Path(__file__).parents[2]
PATIENT = Decoder(max_audio_seconds=7200, timeout_seconds=60)
SELF = os.getpid()
_WAV_HEADER_BYTES = 44
_MIB = 1 << 20


class Endless:
    """A WAV in a named pipe: whoever decodes it waits for its second half."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        wav = tone_wav(2)
        # For reading as well, or opening it would wait for a reader.
        self._pipe = os.open(path, os.O_RDWR)
        os.write(self._pipe, wav[: len(wav) // 2])

    def close(self) -> None:
        os.close(self._pipe)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def endless(tmp_path: Path, threads: ThreadPoolExecutor) -> Iterator[Endless]:  # noqa: ARG001 - they wait for its end
    media = Endless(tmp_path / "0123456789abcdef0123456789abcdef")
    yield media
    media.close()


@pytest.fixture
def decoder(endless: Endless, threads: ThreadPoolExecutor) -> Iterator[int]:
    """Return the process id of a child that decodes."""
    decoding = threads.submit(PATIENT.decode, endless.path)
    pid = running_decoder(SELF)
    yield pid
    os.kill(pid, signal.SIGKILL)
    decoding.exception(timeout=30)
    wait_until_gone(pid)


def long_silence(path: Path, seconds: int) -> Path:
    """Write a silent WAV at 44.1 kHz that takes no room on disk."""
    size = 2 * seconds * 44_100
    header = bytearray(silence_wav(0, rate=44_100))
    header[4:8] = struct.pack("<I", size + len(header) - 8)
    header[40:44] = struct.pack("<I", size)
    path.write_bytes(header)
    os.truncate(path, _WAV_HEADER_BYTES + size)
    return path


def descriptors_of(pid: int) -> dict[int, str]:
    """Return what the open descriptors of a process stand for, in ascending order."""
    opened = {int(each.name): str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
    return dict(sorted(opened.items()))


def failure_of(decoding: "Future[Audio]") -> TranscriptionFailure:
    with pytest.raises(TranscriptionFailure) as failed:
        decoding.result(timeout=30)
    return failed.value


@pytest.mark.parametrize(
    ("killer", "expected", "detail"),
    [
        (signal.SIGSEGV, FailureCode.AUDIO_UNDECODABLE, "crashed on this file (SIGSEGV)"),
        (signal.SIGABRT, FailureCode.AUDIO_UNDECODABLE, "crashed on this file (SIGABRT)"),
        (signal.SIGXCPU, FailureCode.AUDIO_UNDECODABLE, "more than 780 s of computing"),
        (signal.SIGKILL, FailureCode.OUT_OF_MEMORY, "too little memory"),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else None,
)
def test_a_decoder_that_dies_fails_its_job_by_what_killed_it(
    killer: signal.Signals, expected: FailureCode, detail: str, endless: Endless, threads: ThreadPoolExecutor
) -> None:
    decoding = threads.submit(PATIENT.decode, endless.path)
    decoder = running_decoder(SELF)
    os.kill(decoder, killer)
    failed = failure_of(decoding)
    assert failed.failure is expected
    assert detail in failed.detail
    wait_until_gone(decoder)
    assert PATIENT.decode(clip("garden")).duration_seconds == pytest.approx(4.73, abs=0.01)


def test_a_decoder_killed_in_the_middle_of_a_long_file_is_a_crash(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    decoding = threads.submit(PATIENT.decode, long_silence(tmp_path / "long", 7200))
    os.kill(running_decoder(SELF), signal.SIGSEGV)
    assert failure_of(decoding).failure is FailureCode.AUDIO_UNDECODABLE


@pytest.mark.parametrize("stopped", [False, True], ids=["waiting for bytes", "stopped"])
def test_a_decoder_that_hangs_is_killed_and_the_job_may_be_tried_again(
    stopped: bool, endless: Endless, threads: ThreadPoolExecutor
) -> None:
    began = time.monotonic()
    decoding = threads.submit(Decoder(max_audio_seconds=60, timeout_seconds=1).decode, endless.path)
    decoder = running_decoder(SELF)
    if stopped:
        os.kill(decoder, signal.SIGSTOP)
    failed = failure_of(decoding)
    assert failed.failure is FailureCode.TIMED_OUT
    assert not failed.failure.is_media_fault
    assert "1 s (DECODE_TIMEOUT_SECONDS)" in failed.detail
    assert time.monotonic() - began >= 1
    wait_until_gone(decoder)


def test_a_decoder_that_pauses_and_goes_on_in_time_is_left_alone(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    media = long_silence(tmp_path / "long", 1200)
    decoding = threads.submit(Decoder(max_audio_seconds=7200, timeout_seconds=30).decode, media)
    decoder = running_decoder(SELF)
    os.kill(decoder, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        decoding.result(timeout=0.5)
    os.kill(decoder, signal.SIGCONT)
    assert decoding.result(timeout=30).duration_seconds == 1200
    wait_until_gone(decoder)


def test_a_file_that_needs_too_much_memory_is_undecodable(tmp_path: Path) -> None:
    # 200 KB that say: 100,000 samples at one a second, in one packet. At 16 kHz that is 3 GB.
    media = tmp_path / "bomb"
    with av.open(str(media), "w", format="matroska") as sink:
        stream = sink.add_stream("pcm_u8", rate=1, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 100_000), dtype=np.uint8), format="u8", layout="mono")
        frame.sample_rate = 1
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    with pytest.raises(TranscriptionFailure) as failed:
        Decoder(max_audio_seconds=1_000_000, timeout_seconds=60).decode(media)
    assert failed.value.failure is FailureCode.AUDIO_UNDECODABLE
    assert "more than 1 GiB" in failed.value.detail


def test_a_decoder_that_was_taken_over_can_not_fill_the_worker_with_samples(
    endless: Endless, threads: ThreadPoolExecutor
) -> None:
    decoding = threads.submit(Decoder(max_audio_seconds=3, timeout_seconds=60).decode, endless.path)
    decoder = running_decoder(SELF)
    # What such a decoder would send, sent by way of its own descriptor: its first pipe is the samples'.
    first = next(number for number, target in descriptors_of(decoder).items() if number > 2 and "pipe:" in target)
    with contextlib.suppress(BrokenPipeError), Path(f"/proc/{decoder}/fd/{first}").open("wb", buffering=0) as pipe:
        pipe.writelines(bytes(64_000) for _ in range(100))
    assert "overrun" in failure_of(decoding).detail
    wait_until_gone(decoder)


def test_neighbours_of_a_crash_and_of_a_hang_decode_on(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    alone = PATIENT.decode(clip("snow")).samples
    crashing, hanging = Endless(tmp_path / "crashing"), Endless(tmp_path / "hanging")
    crash = threads.submit(PATIENT.decode, crashing.path)
    victim = running_decoder(SELF)
    hang = threads.submit(Decoder(max_audio_seconds=60, timeout_seconds=0.5).decode, hanging.path)
    neighbours = [threads.submit(PATIENT.decode, clip("snow")) for _ in range(40)]
    os.kill(victim, signal.SIGSEGV)
    assert all(np.array_equal(each.result(timeout=60).samples, alone) for each in neighbours)
    assert failure_of(crash).failure is FailureCode.AUDIO_UNDECODABLE
    assert failure_of(hang).failure is FailureCode.TIMED_OUT
    for left in decoders_of(SELF):
        wait_until_gone(left)
    crashing.close()
    hanging.close()


def test_every_one_of_many_deaths_is_told_from_the_others(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    killers = [signal.SIGSEGV, signal.SIGKILL] * 4
    codes = {signal.SIGSEGV: FailureCode.AUDIO_UNDECODABLE, signal.SIGKILL: FailureCode.OUT_OF_MEMORY}
    for _ in range(4):
        victims: dict[int, Future[Audio]] = {}
        media = []
        for number in range(len(killers)):
            media.append(Endless(tmp_path / f"endless-{number}"))
            decoding = threads.submit(PATIENT.decode, media[-1].path)
            while not (new := set(decoders_of(SELF)) - set(victims)):
                time.sleep(0.001)
            victims[new.pop()] = decoding
        for victim, killer in zip(victims, killers, strict=True):
            os.kill(victim, killer)
        assert [failure_of(each).failure for each in victims.values()] == [codes[killer] for killer in killers]
        for each in media:
            each.close()
            each.path.unlink()


def test_its_limits_are_in_force(decoder: int) -> None:
    limits = Path(f"/proc/{decoder}/limits").read_text()
    told = {line[:26].strip(): tuple(line[26:].split()[:2]) for line in limits.splitlines()}
    assert told["Max address space"] == (str(1 << 30),) * 2
    assert told["Max cpu time"] == ("780", "781")
    assert told["Max open files"] == ("16",) * 2
    assert told["Max file size"] == ("0",) * 2
    assert told["Max core file size"] == ("0",) * 2


def test_it_has_the_media_two_pipes_and_the_standard_streams_open(decoder: int, endless: Endless) -> None:
    opened = descriptors_of(decoder)
    # The media may not be open yet.
    others = [target for number, target in opened.items() if number > 2 and target != str(endless.path)]
    assert [target.split(":")[0] for target in others] == ["pipe", "pipe"]


_ENTER_AND_CONNECT = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
decoder, port, *namespaces = sys.argv[1:]
for namespace in [os.open(f"/proc/{decoder}/ns/{name}", os.O_RDONLY) for name in namespaces]:
    if libc.setns(namespace, 0):
        sys.exit(os.strerror(ctypes.get_errno()))
socket.create_connection(("127.0.0.1", int(port)), timeout=5)
"""
_LEAVE_THE_NETWORK = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(int(sys.argv[1])))"


def test_it_has_no_network(decoder: int) -> None:
    is_root = os.geteuid() == 0
    flags = 0x4000_0000 if is_root else 0x5000_0000
    if subprocess.run([sys.executable, "-c", _LEAVE_THE_NETWORK, str(flags)], check=False).returncode:
        pytest.skip("The kernel gives this user no network namespace.")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def connected(*namespaces: str) -> "subprocess.CompletedProcess[str]":
            port = str(server.getsockname()[1])
            script = [sys.executable, "-c", _ENTER_AND_CONNECT, str(decoder), port, *namespaces]
            return subprocess.run(script, capture_output=True, text=True, check=False)

        outside = connected()
        inside = connected("net") if is_root else connected("user", "net")
    assert outside.returncode == 0
    assert "Network is unreachable" in inside.stderr


def test_two_hours_take_a_child_no_more_memory_than_two_seconds(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    decoding = threads.submit(PATIENT.decode, long_silence(tmp_path / "long", 7200))
    status = Path(f"/proc/{running_decoder(SELF)}/status")
    peaks: list[int] = []
    while not decoding.done():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            peaks += [int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if "VmHWM" in line]
        time.sleep(0.01)
    assert decoding.result().duration_seconds == 7200
    assert len(peaks) > 10
    # The interpreter and FFmpeg; the samples would be 220 MiB.
    assert max(peaks) < 64 * _MIB


_HOST = """
import json, multiprocessing, sys
import celery, numpy, worker.main  # as the worker has them
from pathlib import Path
from worker.decoder import Decoder

decoder = Decoder(max_audio_seconds=7200, timeout_seconds=60)
print(decoder.decode(Path(sys.argv[1])).duration_seconds, flush=True)
# Another child of the same fork server, which has what the decoder's have.
tell = "import json, sys; print(json.dumps(sorted(sys.modules)))"
child = multiprocessing.get_context("forkserver").Process(target=exec, args=(tell,))
child.start()
child.join()
"""


def host_command(folder: Path, *, before: str = "") -> list[str]:
    """Return the beginning of a command that decodes the file named next, run as the worker is: `python -m package`."""
    package = folder / "decoding_host"
    package.mkdir()
    (package / "__main__.py").write_text(before + _HOST)
    return ["env", f"PYTHONPATH={ROOT}:{folder}", sys.executable, "-m", package.name]


def test_a_child_holds_ffmpeg_and_nothing_else_of_the_worker(tmp_path: Path) -> None:
    told = subprocess.run(
        [*host_command(tmp_path), str(clip("garden"))], capture_output=True, text=True, timeout=60, check=True
    )
    modules = {name.split(".")[0] for name in json.loads(told.stdout.splitlines()[-1])}
    assert {"av", "worker"} <= modules
    assert modules.isdisjoint({"celery", "kombu", "numpy", "ctranslate2", "faster_whisper", "redis", "structlog"})


@pytest.mark.parametrize("stopped", [False, True], ids=["waiting for bytes", "stopped"])
def test_a_decoder_does_not_outlive_its_worker(stopped: bool, endless: Endless, tmp_path: Path) -> None:
    with subprocess.Popen([*host_command(tmp_path), str(endless.path)], stdout=subprocess.DEVNULL) as worker:
        decoder = running_decoder(worker.pid)
        server = int(Path(f"/proc/{decoder}/stat").read_text().rpartition(")")[2].split()[1])
        if stopped:
            os.kill(decoder, signal.SIGSTOP)
        worker.kill()
        try:
            wait_until_gone(decoder)
            wait_until_gone(server)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(decoder, signal.SIGKILL)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_whole_service_stops_no_decoder(stop: signal.Signals, tmp_path: Path) -> None:
    # The worker takes the signal and stops in its own time, as Celery does.
    deaf = f"import signal\nsignal.signal({int(stop)}, lambda *_: print('heard', flush=True))\n"
    command = [*host_command(tmp_path, before=deaf), str(long_silence(tmp_path / "long", 1200))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as worker:
        decoder = running_decoder(worker.pid)
        os.kill(decoder, signal.SIGSTOP)
        os.killpg(worker.pid, stop)
        os.kill(decoder, signal.SIGCONT)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "heard\n"
        assert worker.stdout.readline() == "1200.0\n"


def test_many_threads_decode_at_once(threads: ThreadPoolExecutor) -> None:
    names = ["garden", "kitchen", "snow", "station"]
    alone = {name: PATIENT.decode(clip(name)).samples for name in names}
    together = [(name, threads.submit(PATIENT.decode, clip(name))) for name in names * 10]
    assert all(np.array_equal(each.result(timeout=60).samples, alone[name]) for name, each in together)
    assert decoders_of(SELF) == []
