"""What reaches the logs: our own lines from the level asked for, libraries' warnings, and nothing that users sent."""

import logging
from collections.abc import Iterator

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
    for name in ("api", "cli", "core", "worker"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_libraries_speak_from_warnings_on(root: logging.Logger, level: str) -> None:
    configure_logging(level, "json")
    assert len(root.handlers) == 1
    lowest = getattr(logging, level)
    for name in ("api.problems", "worker.job_runner", "core.media_files"):
        assert logging.getLogger(name).getEffectiveLevel() == lowest
    for name in ("python_multipart.multipart", "redis.connection", "faster_whisper", "a_library_of_next_year"):
        assert logging.getLogger(name).getEffectiveLevel() == max(lowest, logging.WARNING)


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
