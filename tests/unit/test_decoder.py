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

import numpy as np
import pytest

from core.errors import FailureCode, TranscriptionFailure
from tests.abuse.bombs import repeated_opus
from tests.harness.decoders import decoders_of, idle_decoders_of, running_decoder, wait_until_gone
from tests.harness.memory import memory_of
from tests.media import (
    clip,
    garbage,
    matroska_head,
    silence_wav,
    text_named_mp3,
    tone_wav,
    transcoded,
    truncated_flac,
    video_without_audio,
    write_long_silence,
)
from worker import decoder_child
from worker.audio import SAMPLE_RATE, WINDOW_SECONDS
from worker.decoder import Decoder
from worker.metrics import WorkerMetrics

if TYPE_CHECKING:
    from worker.audio import Audio

ROOT = Path(__file__).parents[2]
PATIENT = Decoder(max_audio_seconds=7200, timeout_seconds=60)
FRESH = Decoder(max_audio_seconds=7200, timeout_seconds=60, warm=0)
"""Every file gets a child that has read no other."""
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
    decoding = threads.submit(FRESH.decode, endless.path)
    pid = running_decoder(SELF)
    yield pid
    os.kill(pid, signal.SIGKILL)
    decoding.exception(timeout=30)
    wait_until_gone(pid)


@pytest.fixture
def one_warm() -> Iterator[Decoder]:
    """Return a decoder that keeps one child, which has read a file already."""
    with contextlib.closing(Decoder(max_audio_seconds=7200, timeout_seconds=60, warm=1)) as kept:
        kept.decode(clip("garden"))
        yield kept


def long_silence(path: Path, seconds: int, *, rate: int = 44_100) -> Path:
    """Write a silent WAV that takes no room on disk."""
    size = 2 * seconds * rate
    header = bytearray(silence_wav(0, rate=rate))
    header[4:8] = struct.pack("<I", size + len(header) - 8)
    header[40:44] = struct.pack("<I", size)
    path.write_bytes(header)
    os.truncate(path, _WAV_HEADER_BYTES + size)
    return path


def descriptors_of(pid: int) -> dict[int, str]:
    """Return what the open descriptors of a process stand for, in ascending order."""
    opened = {int(each.name): str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
    return dict(sorted(opened.items()))


def seconds_of(decoder: Decoder, media: Path) -> float:
    """Decode a file to its end, whatever its length."""
    with decoder.open(media) as audio:
        samples: int = sum(window.shape[1] for window in audio)
    return samples / SAMPLE_RATE


def reader_of(decoder: Decoder, folder: Path, seconds: int = 100) -> int:
    """Decode a file to its end and return the process id of the child that did."""
    # Longer than what the pipe holds.
    with decoder.open(long_silence(folder / "reader-of", seconds)) as audio:
        child = running_decoder(SELF)
        assert sum(window.shape[1] for window in audio) == seconds * SAMPLE_RATE
    return child


def failure_of(decoding: "Future[Audio] | Future[float]") -> TranscriptionFailure:
    with pytest.raises(TranscriptionFailure) as failed:
        decoding.result(timeout=30)
    return failed.value


def message(kind: bytes, content: bytes) -> bytes:
    return decoder_child.MESSAGE.pack(kind, len(content)) + content


def tell(decoder: int, said: bytes) -> None:
    """Send what a decoder might, by way of its own descriptor: its second pipe is the messages'."""
    _, told = (number for number, target in descriptors_of(decoder).items() if number > 2 and "pipe:" in target)
    with contextlib.suppress(BrokenPipeError), Path(f"/proc/{decoder}/fd/{told}").open("wb", buffering=0) as pipe:
        pipe.write(said)


OPENED = message(decoder_child.OPENED, b'{"header_seconds": null, "channels": 1}')


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
    decoding = threads.submit(FRESH.decode, endless.path)
    decoder = running_decoder(SELF)
    os.kill(decoder, killer)
    failed = failure_of(decoding)
    assert failed.failure is expected
    assert detail in failed.detail
    wait_until_gone(decoder)
    assert FRESH.decode(clip("garden")).duration_seconds == pytest.approx(4.73, abs=0.01)


def test_a_decoder_killed_in_the_middle_of_a_long_file_is_a_crash(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    decoding = threads.submit(seconds_of, FRESH, long_silence(tmp_path / "long", 7200))
    os.kill(running_decoder(SELF), signal.SIGSEGV)
    assert failure_of(decoding).failure is FailureCode.AUDIO_UNDECODABLE


@pytest.mark.parametrize("stopped", [False, True], ids=["waiting for bytes", "stopped"])
def test_a_decoder_that_hangs_is_killed_and_the_job_may_be_tried_again(
    stopped: bool, endless: Endless, threads: ThreadPoolExecutor
) -> None:
    began = time.monotonic()
    decoding = threads.submit(Decoder(max_audio_seconds=60, timeout_seconds=1, warm=0).decode, endless.path)
    decoder = running_decoder(SELF)
    if stopped:
        os.kill(decoder, signal.SIGSTOP)
    failed = failure_of(decoding)
    assert failed.failure is FailureCode.TIMED_OUT
    assert not failed.failure.is_media_fault
    assert "1 s (DECODE_TIMEOUT_SECONDS)" in failed.detail
    assert time.monotonic() - began >= 1
    wait_until_gone(decoder)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return media of three million packets, none of which can be decoded: twenty seconds of computing."""
    media = tmp_path / "broken"
    # Two frames of equal size can't have one byte between them.
    media.write_bytes(repeated_opus(b"\x59\0", hours=100))
    return media


@pytest.mark.parametrize("warm", [0, 1], ids=["fresh", "used"])
def test_a_file_that_keeps_its_decoder_busy_for_nothing_is_to_blame(warm: int, broken: Path) -> None:
    with contextlib.closing(Decoder(max_audio_seconds=7200, timeout_seconds=1, warm=warm)) as decoder:
        if warm:
            decoder.decode(clip("garden"))
        with pytest.raises(TranscriptionFailure) as failed:
            decoder.decode(broken)
    assert failed.value.failure is FailureCode.AUDIO_UNDECODABLE
    assert "computing for 1 s (DECODE_TIMEOUT_SECONDS) without giving any audio" in failed.value.detail


def test_a_file_is_not_blamed_for_a_machine_that_has_no_time_for_it(broken: Path, threads: ThreadPoolExecutor) -> None:
    decoding = threads.submit(Decoder(max_audio_seconds=7200, timeout_seconds=2, warm=0).decode, broken)
    decoder = running_decoder(SELF)
    with contextlib.suppress(ProcessLookupError):
        while not decoding.done():  # a hundredth of the time is its own
            os.kill(decoder, signal.SIGSTOP)
            time.sleep(0.099)
            os.kill(decoder, signal.SIGCONT)
            time.sleep(0.001)
    failed = failure_of(decoding)
    assert failed.failure is FailureCode.TIMED_OUT
    assert "2 s (DECODE_TIMEOUT_SECONDS)" in failed.detail


def test_a_decoder_that_pauses_and_goes_on_in_time_is_left_alone(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    media = long_silence(tmp_path / "long", 1200)
    decoding = threads.submit(seconds_of, PATIENT, media)
    decoder = running_decoder(SELF)
    os.kill(decoder, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        decoding.result(timeout=0.5)
    os.kill(decoder, signal.SIGCONT)
    assert decoding.result(timeout=30) == 1200


def test_a_file_that_needs_too_much_memory_fails_by_itself(tmp_path: Path) -> None:
    # One packet, taken into memory whole before a sample of it is seen: FFmpeg passes over what it has no room for.
    media, size = tmp_path / "bomb", 1_000_000_000
    media.write_bytes(matroska_head(size))
    os.truncate(media, media.stat().st_size + size)
    with pytest.raises(TranscriptionFailure) as failed:
        FRESH.decode(media)
    assert failed.value.failure.is_media_fault


def test_a_decoder_that_gets_no_more_memory_is_believed(endless: Endless, threads: ThreadPoolExecutor) -> None:
    decoding = threads.submit(FRESH.decode, endless.path)
    tell(running_decoder(SELF), message(decoder_child.OUTCOME, b'{"out_of_memory": "It needs more."}'))
    failed = failure_of(decoding)
    assert (failed.failure, failed.detail) == (FailureCode.AUDIO_UNDECODABLE, "It needs more.")


@pytest.mark.parametrize("size", [(1 << 24) + 1, 90_000_000])
def test_a_frame_that_no_encoder_writes_is_undecodable(size: int, tmp_path: Path) -> None:
    media = tmp_path / "bomb"
    media.write_bytes(matroska_head(size))
    os.truncate(media, media.stat().st_size + size)
    with pytest.raises(TranscriptionFailure) as failed:
        FRESH.decode(media)
    assert failed.value.failure is FailureCode.AUDIO_UNDECODABLE
    assert f"{size} samples" in failed.value.detail


def test_the_longest_frame_that_is_taken_is_decoded_whole(tmp_path: Path) -> None:
    media = tmp_path / "long"
    media.write_bytes(matroska_head(1 << 24))
    os.truncate(media, media.stat().st_size + (1 << 24))
    assert seconds_of(FRESH, media) == (1 << 24) / 8_000


@pytest.mark.parametrize(
    "said",
    [
        OPENED + message(decoder_child.WINDOW, bytes(64_000)) * 2,
        OPENED + message(decoder_child.WINDOW, bytes(3)),
        OPENED + message(decoder_child.WINDOW, b""),
        decoder_child.MESSAGE.pack(decoder_child.WINDOW, (1 << 32) - 1),
    ],
    ids=["more than its bound", "half a sample", "nothing", "4 GiB"],
)
def test_a_decoder_that_was_taken_over_can_not_fill_the_worker_with_samples(
    said: bytes, endless: Endless, threads: ThreadPoolExecutor
) -> None:
    decoding = threads.submit(Decoder(max_audio_seconds=3, timeout_seconds=60, warm=0).decode, endless.path)
    decoder = running_decoder(SELF)
    tell(decoder, said)
    assert "overrun" in failure_of(decoding).detail
    wait_until_gone(decoder)


def test_neighbours_of_a_crash_and_of_a_hang_decode_on(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    alone = PATIENT.decode(clip("snow")).samples
    crashing, hanging = Endless(tmp_path / "crashing"), Endless(tmp_path / "hanging")
    crash = threads.submit(FRESH.decode, crashing.path)
    victim = running_decoder(SELF)
    hang = threads.submit(Decoder(max_audio_seconds=60, timeout_seconds=0.5, warm=0).decode, hanging.path)
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
            decoding = threads.submit(FRESH.decode, media[-1].path)
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
    assert told["Max cpu time"] == ("780", "841")
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


def test_ten_hours_take_no_more_memory_than_two_seconds(tmp_path: Path) -> None:
    seconds = 36_000
    media = tmp_path / "long"
    write_long_silence(media, seconds)
    with contextlib.closing(Decoder(max_audio_seconds=seconds, timeout_seconds=60, warm=1)) as decoder:
        decoder.decode(clip("garden"))
        before = memory_of(SELF)
        most = samples = 0
        with decoder.open(media) as audio:
            child = running_decoder(SELF)
            assert audio.header_seconds == pytest.approx(seconds, abs=1)
            for window in audio:
                samples += window.shape[1]
                most = max(most, memory_of(SELF))
        assert samples == seconds * SAMPLE_RATE
        # The samples would be 2.2 GiB, or 1.1 as they are sent.
        assert most - before < 20 * _MIB
        # The interpreter and FFmpeg.
        assert memory_of(child, "VmHWM") < 64 * _MIB


def test_a_child_goes_on_as_its_windows_are_taken_and_no_clock_runs_meanwhile(tmp_path: Path) -> None:
    with (
        contextlib.closing(Decoder(max_audio_seconds=7200, timeout_seconds=0.5, warm=0)) as hasty,
        hasty.open(long_silence(tmp_path / "long", 7200, rate=SAMPLE_RATE)) as audio,
    ):
        first = next(audio)
        stat = Path(f"/proc/{running_decoder(SELF)}/stat")
        computed = -1
        # "pid (name) state ... utime stime": at rest it sleeps, and takes no more time.
        while (fields := stat.read_text().split())[2] != "S" or int(fields[13]) != computed:
            computed = int(fields[13])
            time.sleep(0.05)
        time.sleep(1)
        assert int(stat.read_text().split()[13]) == computed
        assert first.shape[1] + sum(window.shape[1] for window in audio) == 7200 * SAMPLE_RATE


@pytest.mark.parametrize("seconds", [1, WINDOW_SECONDS, WINDOW_SECONDS + 1, 2 * WINDOW_SECONDS])
def test_windows_are_of_one_size_but_for_the_last(seconds: int, tmp_path: Path) -> None:
    media = tmp_path / "tone"
    media.write_bytes(tone_wav(seconds, hertz=441))
    with PATIENT.open(media) as audio:
        assert (audio.channels, audio.header_seconds) == (1, seconds)
        windows = list(audio)
        assert next(audio, None) is None
    whole, rest = divmod(seconds, WINDOW_SECONDS)
    sizes = [WINDOW_SECONDS] * whole + [rest] * bool(rest)
    assert [window.shape for window in windows] == [(1, size * SAMPLE_RATE) for size in sizes]
    assert all(window.dtype == np.float32 for window in windows)
    phase = 2 * np.pi * 441 * np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    assert np.abs(np.concatenate([window[0] for window in windows]) - 0.5 * np.sin(phase)).max() < 1e-4


def test_whoever_leaves_early_leaves_nothing_behind(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    media = long_silence(tmp_path / "long", 7200)

    def leave() -> None:
        with pytest.raises(ZeroDivisionError), FRESH.open(media) as audio:
            assert next(audio).shape[1] // 0

    leave()
    opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path of its own would count
    for left in [threads.submit(leave) for _ in range(20)]:
        left.result(timeout=30)
    assert decoders_of(SELF) == []
    assert len(os.listdir("/proc/self/fd")) <= opened  # noqa: PTH208


@pytest.mark.parametrize("warmed", [False, True], ids=["a fresh child", "a used child"])
def test_another_thread_may_close_what_one_waits_for(
    warmed: bool, one_warm: Decoder, tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    with (one_warm if warmed else FRESH).open(long_silence(tmp_path / "long", 7200)) as audio:
        child = running_decoder(SELF)
        os.kill(child, signal.SIGSTOP)
        waiting = threads.submit(list, audio)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        audio.close()
        with pytest.raises(ValueError, match="closed"):
            waiting.result(timeout=10)
    wait_until_gone(child)
    assert decoders_of(SELF) == []


def test_what_is_closed_gives_no_more(tmp_path: Path) -> None:
    with PATIENT.open(long_silence(tmp_path / "long", 100)) as audio:
        next(audio)
    # Not the end of the audio, which it would look like.
    with pytest.raises(ValueError, match="closed"):
        next(audio)


def test_a_child_that_has_ended_its_file_well_reads_the_next_ones_up_to_a_number(
    one_warm: Decoder, tmp_path: Path
) -> None:
    first = reader_of(one_warm, tmp_path)
    assert first in idle_decoders_of(SELF)
    assert reader_of(one_warm, tmp_path) == first
    for _ in range(32):
        one_warm.decode(clip("garden"))
    wait_until_gone(first)
    assert reader_of(one_warm, tmp_path) != first


def test_a_child_that_is_no_use_any_more_reads_no_other_file(one_warm: Decoder, tmp_path: Path) -> None:
    bad, long = tmp_path / "bad", long_silence(tmp_path / "long", 100)
    bad.write_bytes(text_named_mp3())
    failing = reader_of(one_warm, tmp_path)
    with pytest.raises(TranscriptionFailure):
        one_warm.decode(bad)
    wait_until_gone(failing)
    left = reader_of(one_warm, tmp_path)
    with one_warm.open(long) as audio:
        assert running_decoder(SELF) == left
        next(audio)
    wait_until_gone(left)


@pytest.mark.parametrize(("taken", "is_kept"), [(59, True), (60, False)])
def test_a_child_that_has_computed_for_long_reads_no_other_file(
    taken: int, is_kept: bool, one_warm: Decoder, endless: Endless, threads: ThreadPoolExecutor
) -> None:
    decoding = threads.submit(one_warm.decode, endless.path)
    child = running_decoder(SELF)
    _, told = (number for number, target in descriptors_of(child).items() if number > 2 and "pipe:" in target)
    said = message(decoder_child.WINDOW, bytes(64_000)) + message(decoder_child.OUTCOME, b'{"cpu_seconds": %d}' % taken)
    Path(f"/proc/{child}/fd/{told}").write_bytes(OPENED + said)
    assert decoding.result(timeout=30).duration_seconds == 2
    if is_kept:
        assert Path(f"/proc/{child}").exists()
    else:
        wait_until_gone(child)


def test_a_child_that_dies_while_it_waits_costs_nobody_anything(one_warm: Decoder, tmp_path: Path) -> None:
    waiting = reader_of(one_warm, tmp_path)
    os.kill(waiting, signal.SIGKILL)
    assert reader_of(one_warm, tmp_path) != waiting
    wait_until_gone(waiting)


def test_a_file_is_not_blamed_for_what_the_one_before_did(one_warm: Decoder, tmp_path: Path) -> None:
    media = tmp_path / "tone"
    media.write_bytes(tone_wav(200, hertz=441))
    used = reader_of(one_warm, tmp_path)
    with one_warm.open(media) as audio:
        assert running_decoder(SELF) == used
        windows = [next(audio)]
        os.kill(used, signal.SIGSEGV)
        windows += audio
    wait_until_gone(used)
    with FRESH.open(media) as undisturbed:
        assert np.array_equal(np.concatenate(windows, axis=1), np.concatenate(list(undisturbed), axis=1))


def test_a_file_that_crashes_a_fresh_child_after_a_used_one_is_to_blame(
    one_warm: Decoder, endless: Endless, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    used = reader_of(one_warm, tmp_path)
    decoding = threads.submit(one_warm.decode, endless.path)
    assert running_decoder(SELF) == used
    os.kill(used, signal.SIGSEGV)
    wait_until_gone(used)
    os.kill(running_decoder(SELF), signal.SIGSEGV)
    assert failure_of(decoding).failure is FailureCode.AUDIO_UNDECODABLE


def test_every_file_of_a_child_has_its_computing_time_to_itself(one_warm: Decoder, tmp_path: Path) -> None:
    child = reader_of(one_warm, tmp_path, 7200)
    # Before the next file: what that one takes while it is looked at is not in its limit.
    user, system = (int(each) for each in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13])
    taken = (user + system) / os.sysconf("SC_CLK_TCK")
    with one_warm.open(long_silence(tmp_path / "next", 7200)):
        assert running_decoder(SELF) == child
        limits = Path(f"/proc/{child}/limits").read_text()
    soft = next(int(line[26:].split()[0]) for line in limits.splitlines() if line.startswith("Max cpu time"))
    assert taken > 1
    assert soft >= 780 + int(taken)


_HOST = """
import json, multiprocessing, sys
import celery, numpy, worker.main  # as the worker has them
from pathlib import Path
from worker.decoder import Decoder
from worker.metrics import WorkerMetrics

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
        (idle,) = idle_decoders_of(worker.pid)
        if stopped:
            os.kill(decoder, signal.SIGSTOP)
        worker.kill()
        try:
            wait_until_gone(decoder)
            wait_until_gone(idle)
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


# What is counted


class Counted:
    """A decoder whose every file gets a fresh child, and what it has counted."""

    def __init__(self) -> None:
        self.metrics = WorkerMetrics()
        self.decoder = Decoder(max_audio_seconds=7200, timeout_seconds=60, warm=0, observer=self.metrics)

    @property
    def decoded(self) -> tuple[float, float]:
        """How many files, and the seconds that jobs waited for them."""
        value = self.metrics.registry.get_sample_value
        names = ("transcription_decode_seconds_count", "transcription_decode_seconds_sum")
        count, seconds = (value(name) or 0.0 for name in names)
        return count, seconds

    @property
    def errors(self) -> dict[tuple[str, str, str], float]:
        """By container, codec and code."""
        return {
            (sample.labels["container"], sample.labels["codec"], sample.labels["code"]): sample.value
            for family in self.metrics.registry.collect()
            for sample in family.samples
            if sample.name == "transcription_decode_errors_total"
        }


def test_a_file_that_is_decoded_to_its_end_is_counted_with_the_time_that_was_waited_for_it(tmp_path: Path) -> None:
    counted = Counted()
    started = time.monotonic()
    counted.decoder.decode(clip("garden"))
    with counted.decoder.open(long_silence(tmp_path / "left early", 7200)) as audio:
        next(audio)
    assert counted.decoder.header_seconds(clip("garden"))
    count, seconds = counted.decoded
    assert count == 1
    assert 0 < seconds < time.monotonic() - started
    assert counted.errors == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (truncated_flac(), ("flac", "flac", "audio_undecodable")),
        (video_without_audio(), ("mov", "none", "no_audio_stream")),
        (text_named_mp3(), ("unknown", "unknown", "audio_undecodable")),
        (garbage(3, 5000), ("unknown", "unknown", "audio_undecodable")),
        (tone_wav(1, rate=4000), ("wav", "pcm", "audio_undecodable")),
    ],
    ids=["cut short", "no audio", "text", "garbage", "a rate that nobody records"],
)
def test_a_file_that_can_not_be_decoded_is_counted_by_what_it_was_found_to_be(
    content: bytes, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    media, counted = tmp_path / "media", Counted()
    media.write_bytes(content)
    with pytest.raises(TranscriptionFailure):
        counted.decoder.decode(media)
    assert counted.errors == {expected: 1}
    assert counted.decoded == (0, 0)


def test_audio_that_is_too_long_is_counted_with_its_container(tmp_path: Path) -> None:
    media, metrics = tmp_path / "media", WorkerMetrics()
    media.write_bytes(transcoded(clip("garden"), "matroska", "libopus"))
    with pytest.raises(TranscriptionFailure):
        Decoder(max_audio_seconds=2, timeout_seconds=60, warm=0, observer=metrics).decode(media)
    labels = {"container": "matroska", "codec": "opus", "code": "audio_too_long"}
    assert metrics.registry.get_sample_value("transcription_decode_errors_total", labels) == 1


def test_a_crash_is_counted_with_what_was_told_before(tmp_path: Path) -> None:
    counted = Counted()
    with counted.decoder.open(long_silence(tmp_path / "long", 7200)) as audio:
        next(audio)
        os.kill(running_decoder(SELF), signal.SIGSEGV)
        with pytest.raises(TranscriptionFailure):
            list(audio)
    assert counted.errors == {("wav", "pcm", "audio_undecodable"): 1}


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        (b'{"container": "mp3\\n", "codec": "<script>"}', ("other", "other")),
        (b'{"container": "mov,mp4", "codec": null}', ("mov", "none")),
    ],
)
def test_what_a_decoder_that_was_taken_over_calls_a_file_makes_no_label_of_its_own(
    said: bytes, labels: tuple[str, str], endless: Endless, threads: ThreadPoolExecutor
) -> None:
    counted = Counted()
    decoding = threads.submit(counted.decoder.decode, endless.path)
    decoder = running_decoder(SELF)
    # Once more, and it is ended: it could go on for ever, and no clock runs while something comes.
    tell(decoder, message(decoder_child.IDENTIFIED, said) * 2)
    assert "overrun" in failure_of(decoding).detail
    assert counted.errors == {(*labels, "audio_undecodable"): 1}
    wait_until_gone(decoder)
