"""Where transcripts go that a command writes to files."""

from pathlib import Path

import pytest
import typer

from cli.outputs import Format
from cli.sources import Source, outputs_of

ONE, OTHER = (Source(name, Path(name), name) for name in ("talk.mp3", "call.wav"))


def test_one_transcript_goes_to_a_file_or_into_a_folder_that_is_there(tmp_path: Path) -> None:
    assert outputs_of([ONE], tmp_path / "new", [Format.SRT]) == [[tmp_path / "new"]]
    assert outputs_of([ONE], tmp_path, [Format.SRT]) == [[tmp_path / "talk.srt"]]


def test_several_go_into_a_folder_which_need_not_be_there(tmp_path: Path) -> None:
    out = tmp_path / "new"
    assert outputs_of([ONE, OTHER], out, [Format.SRT]) == [[out / "talk.srt"], [out / "call.srt"]]
    assert outputs_of([ONE], out, [Format.SRT, Format.TEXT]) == [[out / "talk.srt", out / "talk.txt"]]


def test_what_would_be_written_twice_or_into_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="written twice"):
        outputs_of([ONE, ONE], tmp_path, [Format.SRT])
    (tmp_path / "file").touch()
    with pytest.raises(typer.BadParameter, match="is a file"):
        outputs_of([ONE, OTHER], tmp_path / "file", [Format.SRT])
