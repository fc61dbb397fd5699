"""The examples of docs/clients/python.md do what they say, one after the other, against the real service."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.harness.service import REPOSITORY, Service
from tests.media import references, word_error_rate

PAGE = REPOSITORY / "docs" / "clients" / "python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
INTERVIEW, LECTURE = (next(each for each in references() if each.id == name) for name in ("garden", "snow"))


def test_every_example_runs(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(INTERVIEW.path, tmp_path / "interview.flac")
    shutil.copy(LECTURE.path, tmp_path / "lecture.flac")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = []
    assert len(BLOCKS) >= 6
    for block in BLOCKS:
        exec(block.replace(":8000", f":{service.port}"), names)  # noqa: S102 - our own page
        printed.append(capsys.readouterr().out)
    first, waited, followed, _, refused, patient = printed
    assert word_error_rate([(INTERVIEW.text, first.splitlines()[0])]) <= 10
    assert "completed" in waited
    assert "-->" in (tmp_path / "interview.srt").read_text()
    assert followed.startswith("queued\n")
    assert word_error_rate([(INTERVIEW.text, names["transcript"].text)]) <= 10
    assert followed.endswith("completed\n")
    heard = zip((INTERVIEW, LECTURE), names["texts"], strict=True)
    assert word_error_rate([(reference.text, text) for reference, text in heard]) <= 10
    assert refused.startswith("422 invalid_options")
    assert patient == "ready\n"
    names["service"].close()
    names["patient"].close()
