"""A process' own folder: gone with its files, if not by itself then with the next process' start."""

import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from core.errors import FailureCode, TranscriptionFailure
from core.scratch import Scratch
from tests.harness.service import REPOSITORY

_LEAVES_A_FILE = """
import sys
from pathlib import Path
from core.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]), min_free_bytes=0)
(scratch.folder / "left").write_bytes(b"speech")
print(scratch.folder, flush=True)
sys.stdin.read()
"""


def test_a_file_is_there_within_its_block(tmp_path: Path) -> None:
    def fill(file: IO[bytes]) -> None:
        file.write(b"speech")

    scratch = Scratch(tmp_path / "scratch", min_free_bytes=0)
    with scratch.file(fill) as path:
        assert path.read_bytes() == b"speech"
    assert list(scratch.folder.iterdir()) == []


def test_a_file_that_can_not_be_filled_is_gone(tmp_path: Path) -> None:
    def fill(file: IO[bytes]) -> None:
        file.write(b"spee")
        raise ConnectionError

    scratch = Scratch(tmp_path, min_free_bytes=0)
    with pytest.raises(ConnectionError), scratch.file(fill):
        pytest.fail("it was not filled")
    assert list(scratch.folder.iterdir()) == []


def test_what_a_killed_process_leaves_goes_with_the_next_start_and_nothing_of_a_living_one(tmp_path: Path) -> None:
    parent = tmp_path / "scratch"
    command = [sys.executable, "-c", _LEAVES_A_FILE, str(parent)]
    others = [
        subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = [Path(other.stdout.readline().strip()) for other in others if other.stdout]
    killed, living = others
    try:
        assert all((folder / "left").exists() for folder in folders)
        killed.kill()
        killed.wait(20)
        own = Scratch(parent, min_free_bytes=0)
        assert not folders[0].exists()
        assert (folders[1] / "left").exists()
        assert own.folder.exists()
    finally:
        for other in others:
            other.kill()
            other.communicate()
    assert living.returncode is not None


def test_there_is_no_room_where_too_little_would_be_left(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, min_free_bytes=1024)
    scratch.check_room(1024)
    with pytest.raises(TranscriptionFailure) as failed:
        scratch.check_room(scratch.free_bytes())
    assert failed.value.failure is FailureCode.OUT_OF_DISK
