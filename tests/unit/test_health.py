"""The health check of containers: good answers, bad ones, none, and a model that isn't there yet."""

import pytest

from core.health import main
from tests.harness.file_server import File, FileServer

LOADED = b"# HELP transcription_model_load_seconds Time\ntranscription_model_load_seconds 2.5\nother 0.0\n"
METRIC = "transcription_model_load_seconds"


@pytest.mark.parametrize(
    ("served", "metrics", "status"),
    [
        (File.of(b"{}"), [], 0),
        (File.of(LOADED), [METRIC], 0),
        (File.of(LOADED.replace(b"2.5", b"0.0")), [METRIC], 1),
        (File.of(LOADED), [METRIC, "other"], 1),
        (File.of(b""), [METRIC], 1),
        (File(status=503), [], 1),
    ],
)
def test_an_answer_is_judged(served: File, metrics: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with FileServer(lambda _: served) as server:
        assert main([server.url("/metrics"), *metrics]) == status
    assert bool(capsys.readouterr().err) == bool(status), "what is wrong is said"


def test_who_does_not_listen_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(lambda _: File.of(b"")) as server:
        url = server.url()
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert main([url]) == 0, "a container asks itself without a proxy"
    assert main([url]) == 1
