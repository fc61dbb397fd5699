"""Files written past the page cache hold what was appended, whatever the file system thinks of it."""

import errno
import mmap
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3

from core.direct_file import DirectFile

MIB = 1024 * 1024


def in_pieces(content: bytes, seed: int) -> list[list[memoryview | bytearray]]:
    """Return it as it may come: appends of several pieces of any size."""
    chance = random.Random(seed)
    appends: list[list[memoryview | bytearray]] = []
    rest = memoryview(content)
    while rest:
        size = chance.choice([1, 17, 4095, 4096, 4097, 65_536, 3 * MIB])
        piece, rest = rest[:size], rest[size:]
        if not appends or chance.random() < 0.3:
            appends.append([])
        appends[-1].append(chance.choice([bytearray, memoryview])(piece))
    return appends


def written(path: Path, appends: list[list[memoryview | bytearray]]) -> str:
    """Write a file and return its digest."""
    file = DirectFile(path, 0o640)
    for pieces in appends:
        for piece in pieces:
            file.append(piece)
    file.sync()
    file.close()
    return file.blake3


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 1280 * 1024, 1280 * 1024 + 1, 3 * MIB + 5])
@pytest.mark.parametrize("seed", range(3))
def test_a_file_holds_what_was_appended(tmp_path: Path, size: int, seed: int) -> None:
    content = random.Random(seed).randbytes(size)
    path = tmp_path / "file"
    assert written(path, in_pieces(content, seed)) == blake3(content).hexdigest()
    assert path.read_bytes() == content


def test_whole_blocks_go_past_the_page_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[bool, int]] = []
    write = os.write

    def noted(descriptor: int, data: memoryview) -> int:
        flags = int(Path(f"/proc/self/fdinfo/{descriptor}").read_text().split("flags:")[1].split()[0], 8)
        sizes.append((bool(flags & os.O_DIRECT), len(data)))
        return write(descriptor, data)

    try:
        os.close(os.open(tmp_path / "probe", os.O_WRONLY | os.O_CREAT | os.O_DIRECT))
    except OSError:
        pytest.skip("this file system takes no direct writes")
    monkeypatch.setattr("core.direct_file.os.write", noted)
    aligned = memoryview(mmap.mmap(-1, 2 * MIB))
    written(tmp_path / "file", [[aligned[:MIB]], [aligned[MIB : 2 * MIB - 1096]]])
    assert sizes == [(True, MIB), (True, MIB - 4096), (False, 3000)]


def refuses_direct(write: Callable[[int, memoryview], int]) -> Callable[[int, memoryview], int]:
    """Return a write as of a file system that takes the flag and then no direct write."""

    def refusing(descriptor: int, data: memoryview) -> int:
        flags = int(Path(f"/proc/self/fdinfo/{descriptor}").read_text().split("flags:")[1].split()[0], 8)
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return write(descriptor, data)

    return refusing


def test_a_file_system_that_refuses_direct_writes_gets_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.direct_file.os.write", refuses_direct(os.write))
    content = random.Random(1).randbytes(2 * MIB + 1)
    assert written(tmp_path / "file", in_pieces(content, 1)) == blake3(content).hexdigest()
    assert (tmp_path / "file").read_bytes() == content


def test_a_file_system_that_refuses_the_flag_gets_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.direct_file._O_DIRECT", 0)
    content = random.Random(1).randbytes(2 * MIB + 1)
    assert written(tmp_path / "file", in_pieces(content, 1)) == blake3(content).hexdigest()
    assert (tmp_path / "file").read_bytes() == content


def test_a_write_that_ends_within_a_block_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("core.direct_file.os.write", lambda descriptor, data: write(descriptor, data[:1000]))
    content = random.Random(1).randbytes(10_000)
    assert written(tmp_path / "file", in_pieces(content, 1)) == blake3(content).hexdigest()
    assert (tmp_path / "file").read_bytes() == content


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"another's")
    with pytest.raises(FileExistsError):
        DirectFile(tmp_path / "file", 0o640)
    assert (tmp_path / "file").read_bytes() == b"another's"
