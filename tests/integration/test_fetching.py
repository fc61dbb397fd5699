"""Audio of URLs, over real HTTP: whole in the media folder or not at all, and nobody's way to anywhere else."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest

from core.errors import FailureCode, TranscriptionFailure
from core.media_files import MediaFiles
from core.user_urls import IpAddress, UrlPolicy
from tests.harness.file_server import MIB, Asked, File, FileServer, audio_fetcher
from tests.harness.service import until
from worker.fetching import AudioFetcher
from worker.metrics import WorkerMetrics
from worker.outbound import Answer, Outbound

WORK = "0123456789abcdef" * 2
AUDIO = bytes(range(256)) * 1000


class Names:
    """A resolver that gives the next answer each time it is asked, and the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> list[IpAddress]:
        self.asked.append(host)
        return [ip_address(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])]


@contextmanager
def serving(*files: File) -> Iterator[FileServer]:
    """Serve these one after the other, and the last one for ever."""
    left = list(files)
    with FileServer(lambda _: left.pop(0) if len(left) > 1 else left[0]) as server:
        yield server


@pytest.fixture
def media(tmp_path: Path) -> MediaFiles:
    return MediaFiles.under(tmp_path)


def fetched(fetcher: AudioFetcher, url: str, media: MediaFiles) -> int | None:
    return fetcher.fetch(WORK, url, media, is_wanted=lambda: True)


def failure(fetcher: AudioFetcher, url: str, media: MediaFiles) -> FailureCode:
    with pytest.raises(TranscriptionFailure) as failed:
        fetched(fetcher, url, media)
    assert url not in failed.value.detail
    return failed.value.failure


def left_over(media: MediaFiles) -> list[str]:
    return [path.name for path in media.folder.iterdir()]


def drip(pieces: int, *, every_seconds: float, size: int = 1) -> Iterator[bytes]:
    for _ in range(pieces):
        yield b"." * size
        time.sleep(every_seconds)


def test_a_file_is_fetched_whole_under_a_name_of_ours(media: MediaFiles) -> None:
    metrics = WorkerMetrics()
    with serving(File.of(AUDIO)) as server:
        assert fetched(audio_fetcher(metrics=metrics), server.url("/evil.m3u8?a=b#c"), media) == len(AUDIO)
    assert left_over(media) == [WORK]
    assert media.path(WORK).read_bytes() == AUDIO
    assert [asked.path for asked in server.asked] == ["/evil.m3u8?a=b"]
    assert server.asked[0].headers["accept-encoding"] == "identity"
    assert metrics.registry.get_sample_value("transcription_fetched_bytes_total") == len(AUDIO)
    assert metrics.registry.get_sample_value("transcription_fetches_total", {"outcome": "fetched"}) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_looked_up_anew(media: MediaFiles, status: int) -> None:
    names = Names("127.0.0.1")

    def serve(asked: Asked) -> File:
        return File.redirect("/there?x=1", status) if asked.path == "/here" else File.of(AUDIO)

    with FileServer(serve) as server:
        fetcher = audio_fetcher(resolve=names)
        assert fetched(fetcher, server.url("/here", "audio.example"), media) == len(AUDIO)
    assert [asked.path for asked in server.asked] == ["/here", "/there?x=1"]
    assert names.asked == ["audio.example"] * 2


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "//192.168.0.1/",
        "http://inside.example/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user:password@example.com/",
    ],
)
def test_a_redirect_leads_nowhere_that_a_url_may_not(media: MediaFiles, location: str) -> None:
    def names(host: str, _port: int) -> list[IpAddress]:
        return [ip_address("10.1.2.3" if host == "inside.example" else "127.0.0.1")]

    with serving(File.redirect(location), File.of(AUDIO)) as server:
        fetcher = audio_fetcher(resolve=names)
        assert failure(fetcher, server.url(host="outside.example"), media) is FailureCode.URL_REFUSED
    assert len(server.asked) == 1
    assert left_over(media) == []


def test_a_url_of_audio_whose_name_leads_elsewhere_the_next_time_is_refused_then(media: MediaFiles) -> None:
    """DNS rebinding, between two redirects and between two attempts."""
    with FileServer(lambda _: File.redirect("/again"), host="127.0.0.2") as server:
        url = server.url(host="rebound.example")
        only = UrlPolicy.parse("127.0.0.2")
        names = Names("127.0.0.2", "127.0.0.1")
        assert failure(audio_fetcher(policy=only, resolve=names), url, media) is FailureCode.URL_REFUSED
        assert len(server.asked) == 1
        assert failure(audio_fetcher(policy=only, resolve=names), url, media) is FailureCode.URL_REFUSED
        assert len(server.asked) == 1


def test_redirects_have_an_end(media: MediaFiles) -> None:
    with serving(File.redirect("/round")) as server:
        assert failure(audio_fetcher(), server.url(), media) is FailureCode.URL_NOT_SERVED
    assert len(server.asked) == 6


class Redirecting(Outbound):
    """One whose every request is answered with a redirect."""

    def __init__(self, location: str) -> None:
        super().__init__(UrlPolicy())
        self._location = location
        self.asked: list[str] = []

    @contextmanager
    def send(self, method: str, url: str, **_: Any) -> Iterator[Answer]:  # noqa: ANN401, ARG002 - as it takes them
        self.asked.append(url)
        yield Answer(httpcore.Response(302, headers={"location": self._location}))


def test_a_redirect_from_https_to_http_is_not_followed(media: MediaFiles) -> None:
    outbound = Redirecting("http://example.com/audio")
    fetcher = audio_fetcher(outbound=outbound)
    assert failure(fetcher, "https://example.com/audio", media) is FailureCode.URL_REFUSED
    assert outbound.asked == ["https://example.com/audio"]


def endless() -> Iterator[bytes]:
    while True:
        yield bytes(64 * 1024)


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_an_upload_may_have_is_not_fetched(media: MediaFiles, *, announced: bool) -> None:
    headers = {"content-length": str(MIB + 1)} if announced else {}
    with serving(File(endless(), headers=headers)) as server:
        assert failure(audio_fetcher(max_file_bytes=MIB), server.url(), media) is FailureCode.URL_TOO_LARGE
    assert left_over(media) == []


def test_exactly_what_an_upload_may_have_is_fetched(media: MediaFiles) -> None:
    with serving(File.of(bytes(MIB))) as server:
        assert fetched(audio_fetcher(max_file_bytes=MIB), server.url(), media) == MIB


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 403, 404, 410, 418])
def test_a_url_that_serves_no_file_fails_for_good(media: MediaFiles, status: int) -> None:
    with serving(File(status=status)) as server, pytest.raises(TranscriptionFailure) as failed:
        fetched(audio_fetcher(), server.url(), media)
    assert failed.value.failure is FailureCode.URL_NOT_SERVED
    assert failed.value.failure.is_media_fault
    assert str(status) in failed.value.detail


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_may_be_asked_again(media: MediaFiles, status: int) -> None:
    with serving(File(status=status)) as server, pytest.raises(TranscriptionFailure) as failed:
        fetched(audio_fetcher(), server.url(), media)
    assert failed.value.failure is FailureCode.URL_UNREACHABLE
    assert not failed.value.failure.is_media_fault
    assert str(status) in failed.value.detail


@pytest.mark.parametrize("headers", [{}, {"location": ""}, {"location": "http://[broken"}])
def test_a_redirect_to_nowhere_fails_for_good(media: MediaFiles, headers: dict[str, str]) -> None:
    with serving(File(status=302, headers=headers)) as server:
        assert failure(audio_fetcher(), server.url(), media) is FailureCode.URL_NOT_SERVED


def test_an_empty_file_fails_for_good(media: MediaFiles) -> None:
    with serving(File.of(b""), File()) as server:
        for _ in range(2):
            assert failure(audio_fetcher(), server.url(), media) is FailureCode.URL_EMPTY
    assert left_over(media) == []


def raw(*pieces: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)

    return serve


@contextmanager
def listener(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], FailureCode.URL_UNREACHABLE),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", b"." * 99], FailureCode.URL_UNREACHABLE),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n"], FailureCode.URL_UNREACHABLE),
        ([b"SSH-2.0-OpenSSH_9.6\r\n"], FailureCode.URL_NOT_SERVED),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"], FailureCode.URL_NOT_SERVED),
    ],
    ids=["nothing", "a byte short", "a chunk short", "no HTTP", "no length"],
)
def test_what_breaks_off_may_be_asked_again(media: MediaFiles, pieces: list[bytes], expected: FailureCode) -> None:
    with listener(raw(*pieces)) as url:
        assert failure(audio_fetcher(), url, media) is expected
    assert left_over(media) == []


def test_where_nobody_listens_may_be_asked_again(media: MediaFiles) -> None:
    with listener(raw()) as url:
        pass
    assert failure(audio_fetcher(), url, media) is FailureCode.URL_UNREACHABLE


@pytest.mark.parametrize(
    ("error", "expected"),
    [(socket.EAI_NONAME, FailureCode.URL_HOST_UNKNOWN), (socket.EAI_AGAIN, FailureCode.URL_UNREACHABLE)],
)
def test_a_name_that_is_not_known_is_told_from_a_resolver_in_trouble(
    media: MediaFiles, error: int, expected: FailureCode
) -> None:
    def names(_host: str, _port: int) -> list[IpAddress]:
        raise socket.gaierror(error, "no")

    assert failure(audio_fetcher(resolve=names), "http://no.example/", media) is expected


@pytest.mark.parametrize("body", ["nothing", "a byte at a time", "silence behind a part"])
def test_a_slow_url_is_given_up_after_the_grace(media: MediaFiles, body: str) -> None:
    released = threading.Event()

    def serve(_: Asked) -> File:
        match body:
            case "nothing":
                released.wait(30)
                return File()
            case "a byte at a time":
                return File(drip(600, every_seconds=0.05))
            case _:
                return File(drip(2, every_seconds=30, size=10_000))

    fetcher = audio_fetcher(min_bytes_per_second=1000, grace_seconds=0.5)
    started = time.monotonic()
    with FileServer(serve) as server, pytest.raises(TranscriptionFailure) as failed:
        fetched(fetcher, server.url(), media)
    released.set()
    assert time.monotonic() - started < 10
    assert failed.value.failure is FailureCode.URL_UNREACHABLE
    assert "MIN_FETCH_BYTES_PER_SECOND" in failed.value.detail
    assert left_over(media) == []


def test_all_of_it_has_a_time(media: MediaFiles) -> None:
    with serving(File(drip(600, every_seconds=0.05, size=1000))) as server:
        started = time.monotonic()
        assert failure(audio_fetcher(timeout_seconds=0.5), server.url(), media) is FailureCode.URL_UNREACHABLE
    assert time.monotonic() - started < 10
    assert left_over(media) == []


def test_what_would_fill_the_disk_is_not_fetched(media: MediaFiles) -> None:
    with serving(File.of(AUDIO)) as server:
        assert failure(audio_fetcher(min_free_disk_bytes=1 << 62), server.url(), media) is FailureCode.OUT_OF_DISK
    assert left_over(media) == []


class Filling(MediaFiles):
    """A disk with room for so much at the first look, and for nothing at the next."""

    def free_bytes(self) -> int:
        return 0 if self.part_path(WORK).stat().st_size else 1 << 40


def test_a_disk_that_fills_on_the_way_ends_the_fetch(media: MediaFiles) -> None:
    fetcher = audio_fetcher(max_file_bytes=64 * MIB)
    with serving(File(endless())) as server:
        assert failure(fetcher, server.url(), Filling(media.folder)) is FailureCode.OUT_OF_DISK
    assert left_over(media) == []


@pytest.mark.parametrize("phase", ["looked up", "answered", "served"])
def test_who_is_not_wanted_any_more_stops_at_once(media: MediaFiles, phase: str) -> None:
    reached, released = threading.Event(), threading.Event()
    outcome: list[int | None] = []

    def hold() -> None:
        reached.set()
        released.wait(30)

    def names(_host: str, _port: int) -> list[IpAddress]:
        if phase == "looked up":
            hold()
        return [ip_address("127.0.0.1")]

    def body() -> Iterator[bytes]:
        yield AUDIO[:1000]
        if phase == "served":
            hold()

    def serve(_: Asked) -> File:
        if phase == "answered":
            hold()
        return File(body())

    metrics = WorkerMetrics()
    fetcher = audio_fetcher(resolve=names, metrics=metrics)
    with FileServer(serve) as server:
        url = server.url(host="audio.example")
        wanted = threading.Event()
        fetch = threading.Thread(
            target=lambda: outcome.append(fetcher.fetch(WORK, url, media, is_wanted=lambda: not wanted.is_set()))
        )
        fetch.start()
        assert reached.wait(20)
        wanted.set()
        fetch.join(5)
        assert not fetch.is_alive()
        released.set()
    assert outcome == [None]
    assert left_over(media) == []
    assert metrics.registry.get_sample_value("transcription_fetches_total", {"outcome": "stopped"}) == 1


def test_an_attempt_taken_for_dead_touches_nothing_of_the_next_one(media: MediaFiles) -> None:
    """It comes back in the middle of its download, when the next one has begun, and when it has ended."""
    first_may_end, second_may_end = threading.Event(), threading.Event()
    outcome: list[int | None] = []

    def body(content: bytes, may_end: threading.Event) -> Iterator[bytes]:
        yield content
        may_end.wait(30)

    files = [File(body(b"first" * 100, first_may_end)), File(body(b"second" * 100, second_may_end))]
    with FileServer(lambda _: files.pop(0)) as server:
        part = media.part_path(WORK)
        fetcher = audio_fetcher()

        def begin() -> threading.Thread:
            thread = threading.Thread(target=lambda: outcome.append(fetched(fetcher, server.url(), media)))
            thread.start()
            return thread

        first = begin()
        until(lambda: True if part.exists() and part.stat().st_size == 500 else None, 20)
        second = begin()
        until(lambda: True if part.exists() and part.stat().st_size == 600 else None, 20)
        first_may_end.set()
        first.join(20)
        assert outcome == [None]
        assert left_over(media) == [part.name]
        second_may_end.set()
        second.join(20)
    assert outcome == [None, 600]
    assert media.path(WORK).read_bytes() == b"second" * 100
    assert left_over(media) == [WORK]


def test_what_a_dead_worker_left_is_fetched_anew(media: MediaFiles) -> None:
    media.part_path(WORK).write_bytes(b"half")
    media.path(WORK).write_bytes(b"whole, and the job's record doesn't know")
    with serving(File.of(AUDIO)) as server:
        assert fetched(audio_fetcher(), server.url(), media) == len(AUDIO)
    assert media.path(WORK).read_bytes() == AUDIO
    assert left_over(media) == [WORK]


def test_the_log_holds_no_url(media: MediaFiles, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(File.redirect("/secret2"), File.of(AUDIO)) as server:
        fetched(audio_fetcher(), server.url("/secret-path?token=secret-token"), media)
        failure(audio_fetcher(), "http://10.0.0.1/secret-path", media)
    logged = "".join(capsys.readouterr())
    assert logged.count("fetch_ended") == 2
    assert "secret" not in logged
