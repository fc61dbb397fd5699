"""What reaches the logs: our own lines from the level asked for, libraries' warnings, and nothing that users sent."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from core.job import Job
from core.logs import configure_logging
from core.options import TranscriptionOptions
from core.transcript import Segment, Transcript, TranscriptInfo, Word
from core.work import AttemptRecord, Work


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, which is as it was when the test is over, as is structlog."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]


@pytest.mark.parametrize("level", _LEVELS)
def test_libraries_speak_from_warnings_on(root: logging.Logger, level: str) -> None:
    configure_logging(level, "json")
    assert len(root.handlers) == 1
    for name in ("python_multipart.multipart", "redis.connection", "faster_whisper", "a_library_of_next_year"):
        assert logging.getLogger(name).getEffectiveLevel() == max(getattr(logging, level), logging.WARNING)


@pytest.mark.parametrize("level", _LEVELS)
@pytest.mark.usefixtures("root")
def test_we_speak_from_the_level_on(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level, "json")
    logger = structlog.get_logger("worker.job_runner")
    for each in _LEVELS:
        getattr(logger, each.lower())("said")
    said = [json.loads(line)["level"].upper() for line in capsys.readouterr().err.splitlines()]
    assert said == _LEVELS[_LEVELS.index(level) :]


@pytest.mark.usefixtures("root")
def test_our_lines_and_libraries_have_the_same_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    structlog.contextvars.bind_contextvars(request_id="r1")
    structlog.get_logger("api.app").info("job_accepted", job_id="j1")
    logging.getLogger("celery.worker").warning("lost %s", "it")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == {
        "event": "job_accepted",
        "job_id": "j1",
        "level": "info",
        "logger": "api.app",
        "request_id": "r1",
    }
    assert theirs == {"event": "lost it", "level": "warning", "logger": "celery.worker", "request_id": "r1"}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Grüße", "Grüße"),
        ("half a pair: \ud83d", "half a pair: \ud83d"),
        ({1: "a number for a key"}, {"1": "a number for a key"}),
        (2**70, 2**70),
        (Path("/media/a"), "PosixPath('/media/a')"),
    ],
)
@pytest.mark.usefixtures("root")
def test_whatever_is_said_becomes_a_line(value: object, written: object, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    structlog.get_logger("api.app").info("said", value=value)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["value"] == written


@pytest.mark.usefixtures("root")
def test_lines_go_where_they_went_when_celery_takes_the_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logging("INFO", "json")
    monkeypatch.setattr("sys.stderr", io.StringIO())
    structlog.get_logger("worker").info("said")
    assert json.loads(capsys.readouterr().err)["event"] == "said"


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.usefixtures("root")
def test_an_exception_is_told_without_its_variables(
    log_format: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO", log_format)
    secret_words = "never" + "said"
    try:
        assert len(secret_words) % 0
    except ZeroDivisionError:
        structlog.get_logger("api").exception("unexpected_error")
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert "ZeroDivisionError: " in said
    assert secret_words not in said


@pytest.mark.usefixtures("root")
def test_threads_do_not_mix_their_lines(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    logger = structlog.get_logger("worker")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: logger.info("said", number=number, padding="x" * 9000), range(400)))
    numbers = [json.loads(line)["number"] for line in capfd.readouterr().err.splitlines()]
    assert sorted(numbers) == list(range(400))


@pytest.mark.usefixtures("root")
def test_a_line_below_the_level_is_not_even_made() -> None:
    class Costly:
        def __str__(self) -> str:
            raise AssertionError("somebody has looked")

        __repr__ = __str__

    configure_logging("INFO", "console")
    structlog.get_logger("api").debug("request", costly=Costly())


@pytest.mark.parametrize(
    "model", [AttemptRecord, Job, Segment, Transcript, TranscriptInfo, TranscriptionOptions, Word, Work]
)
def test_an_error_in_a_record_quotes_nothing_of_it(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError) as raised:
        model.model_validate_json(
            '{"text": ["secret words"], "word": ["secret words"], "initial_prompt": ["secret words"]}'
        )
    assert "secret" not in str(raised.value)
    with pytest.raises(ValidationError) as raised:
        model.model_validate_json('["secret words"')
    assert "secret" not in str(raised.value)


@pytest.mark.usefixtures("root")
def test_what_a_loop_says_in_one_turn_is_written_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    first, second = structlog.get_logger("api.submissions"), structlog.get_logger("api.audit")

    def written() -> list[str]:
        return [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]

    async def turns() -> None:
        first.info("one")
        second.info("two")
        assert written() == []
        await asyncio.sleep(0)
        assert written() == ["one", "two"]
        first.info("three")
        await asyncio.to_thread(second.info, "of a thread")
        assert sorted(written()) == ["of a thread", "three"]  # each in its own time
        first.info("four")
        second.error("at once")
        assert written() == ["four", "at once"]
        first.info("last")

    asyncio.run(turns())
    assert written() == ["last"]
