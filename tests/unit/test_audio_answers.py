"""Stored audio is answered as what it is, under a name that is no danger, and in the parts that players ask for."""

import re
from pathlib import Path

import pytest

from api.audio_answers import HEAD_BYTES, Part, disposition, media_type, part_of
from core.errors import RangeNotSatisfiable
from tests.media import clip, silence_wav, transcoded

KINDS = {
    ("wav", "pcm_s16le"): "audio/wav",
    ("flac", "flac"): "audio/flac",
    ("mp3", "libmp3lame"): "audio/mpeg",
    ("adts", "aac"): "audio/aac",
    ("ipod", "aac"): "audio/mp4",
    ("mp4", "aac"): "video/mp4",
    ("mov", "aac"): "video/quicktime",
    ("ogg", "libopus"): "audio/ogg",
    ("webm", "libopus"): "video/webm",
    ("matroska", "aac"): "video/x-matroska",
    ("aiff", "pcm_s16be"): "audio/aiff",
}


@pytest.mark.parametrize(("form", "kind"), KINDS.items(), ids=str)
def test_what_is_uploaded_is_answered_as_what_it_is(tmp_path: Path, form: tuple[str, str], kind: str) -> None:
    source = tmp_path / "source.wav"
    source.write_bytes(silence_wav(1))
    assert media_type(transcoded(source, *form)[:HEAD_BYTES]) == kind


@pytest.mark.parametrize(
    "head",
    [b"", b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'>", b"%PDF-1.7", bytes(400)],
)
def test_what_is_nothing_that_plays_is_bytes_that_nobody_runs(head: bytes) -> None:
    assert media_type(head) == "application/octet-stream"
    assert disposition("page.html", media_type(head)).startswith('inline; filename="page.html.bin"')


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("speech.flac", "speech.flac"),
        ("SPEECH.FLAC", "SPEECH.FLAC"),
        ("invoice.html", "invoice.html.flac"),
        ("flac", "flac.flac"),
        (None, "audio.flac"),
        ("...", "audio.flac"),
        ('a"; filename="b.exe', "a__ filename=_b.exe.flac"),
        ("up/../../etc\r\nX-Evil: 1", "up_.._.._etc__X-Evil_ 1.flac"),
        ("gnp\u202e.exe", "gnp_.exe.flac"),
        ("100 %.flac", "100 _.flac"),
    ],
)
def test_a_name_says_what_the_file_is_and_nothing_else(name: str | None, plain: str) -> None:
    header = disposition(name, media_type(clip("garden").read_bytes()[:HEAD_BYTES]))
    assert re.fullmatch(r"inline; filename=\"([^\"]*)\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", header)
    assert f'filename="{plain}"' in header


def test_a_name_of_another_script_is_there_for_who_reads_it() -> None:
    header = disposition("面接.wav", "audio/wav")
    assert header == "inline; filename=\"__.wav\"; filename*=UTF-8''%E9%9D%A2%E6%8E%A5.wav"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (None, None),
        ("bytes=0-", (0, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=990-5000", (990, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("Bytes = 5-6", (5, 7)),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=7-6", None),
        ("seconds=0-1", None),
        ("bytes=9999999999999999999999-", None),
    ],
)
def test_a_range_is_a_part_or_else_the_whole_is_sent(asked: str | None, part: tuple[int, int] | None) -> None:
    assert part_of(1000, asked) == (None if part is None else Part(*part, 1000))


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_what_lies_behind_the_end_is_refused(asked: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        part_of(1000, asked)
    assert refused.value.size_bytes == 1000
