"""What is kept of a file reads like the file, but for its middle."""

import io
import os
import random

import pytest

from core.file_ends import END_BYTES, FileEnds


def ends_of(content: bytes, *, cut: int) -> io.BufferedReader:
    ends = FileEnds()
    for start in range(0, len(content), cut):
        ends.append(content[start : start + cut])
    return io.BufferedReader(ends)


@pytest.mark.parametrize("size", [0, 1, END_BYTES - 1, END_BYTES, END_BYTES + 1, 2 * END_BYTES, 5 * END_BYTES + 7])
@pytest.mark.parametrize("cut", [1000, END_BYTES // 3, END_BYTES, 3 * END_BYTES])
def test_both_ends_read_as_those_of_the_file(size: int, cut: int) -> None:
    content = random.Random(size).randbytes(size)
    kept, whole = ends_of(content, cut=cut), io.BytesIO(content)
    assert kept.seek(0, os.SEEK_END) == size
    for place in (0, 1, size // 3, END_BYTES - 10, size - END_BYTES, size - 5, size, size + 5):
        for length in (0, 1, 10, END_BYTES // 2):
            begin = max(0, place)
            if begin + length > END_BYTES and begin < size - END_BYTES:
                continue
            assert kept.seek(begin) == whole.seek(begin)
            assert kept.read(length) == whole.read(length)
            assert kept.tell() == whole.tell()
    assert kept.seek(-min(size, 7), os.SEEK_END) == max(0, size - 7)
    assert kept.read() == content[-7:]


def test_the_middle_is_not_there() -> None:
    kept = ends_of(bytes(3 * END_BYTES), cut=END_BYTES)
    for place, length in ((END_BYTES, 1), (2 * END_BYTES - 1, 1), (END_BYTES - 5, 10)):
        kept.seek(place)
        with pytest.raises(OSError, match="middle"):
            kept.read(length)
    with pytest.raises(OSError, match="start"):
        FileEnds().seek(-1)
