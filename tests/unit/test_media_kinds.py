"""What is certainly no media is refused by its content, the rest is left to the decoder; headers tell lengths."""

import gzip
import io
import math
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api import media_kinds
from core.errors import UnsupportedMedia
from tests.media import (
    RARER_TRANSCODINGS,
    TRANSCODINGS,
    Transcoding,
    amr_wb,
    clip,
    garbage,
    silence_wav,
    speech_wav,
    text_named_mp3,
    tone_wav,
    transcoded,
    truncated_flac,
    video_without_audio,
    wav_without_samples,
)

GARDEN_SECONDS = 4.73
SIGNATURES = (
    b"",
    b"RIFF\0\0\0\0WAVEfmt ",
    b"FORM\0\0\0\0AIFF",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"\xff\xfb",
    b"\0\0\0\x18ftypM4A ",
    bytes.fromhex("1a45dfa3"),
    bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
)
"""The first bytes of the usual containers, and none."""
HEAD_BYTES = 8192
"""How much of a file its kind is judged by."""


def refuse_other_than_media(path: Path) -> None:
    with path.open("rb") as file:
        media_kinds.refuse_other_than_media(file)


def header_duration_seconds(path: Path) -> float | None:
    with path.open("rb") as file:
        return media_kinds.header_duration_seconds(file)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("speech.wav", silence_wav(1))
        writer.writestr("readme.txt", "A recording.")
    return file.getvalue()


def pdf() -> bytes:
    # The second line, four bytes that no text has, is what ISO 32000 recommends and every program writes.
    page = (
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    )
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + page + b"trailer\n<< /Root 1 0 R /Size 3 >>\nstartxref\n0\n%%EOF\n"


TEXTS = {
    "prose": text_named_mp3(),
    "letter": b"x",
    "utf-8": "Grüße, 你好, 🎧\n".encode(),
    "utf-8 with its mark": "\ufeffGrüße\n".encode(),
    "json": b'{"url": "https://example.org/speech.mp3"}',
    "html": b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "m3u8": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=audio 5004 RTP/AVP 0\r\n",
    "escapes": b"\x1b[31mred\x1b[0m\tand\x0cfeeds\r\n",
}
OTHER_KINDS = {
    "png": png(),
    "zip": archive(),
    "pdf": pdf(),
    "gzip": gzip.compress(text_named_mp3()),
    "jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + bytes(64) + b"\xff\xd9",
    "gif": bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b"),
    "sqlite": b"SQLite format 3\0" + bytes(100),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a test may write its one file, named as the product names uploads."""
    return tmp_path_factory.mktemp("media") / "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("transcoding", [*TRANSCODINGS, *RARER_TRANSCODINGS], ids=lambda transcoding: transcoding.name)
def test_media_is_accepted_and_its_header_tells_its_length_or_nothing(transcoding: Transcoding, media: Path) -> None:
    media.write_bytes(transcoded(clip("garden"), transcoding.container, transcoding.codec))
    refuse_other_than_media(media)
    assert header_duration_seconds(media) in (None, pytest.approx(GARDEN_SECONDS, abs=0.2))


@pytest.mark.parametrize("usual", ["wav", "aiff", "flac", "mp3", "m4a", "mp4", "ogg", "opus", "wma"])
def test_the_usual_headers_do_tell_a_length(usual: str, media: Path) -> None:
    (transcoding,) = (each for each in TRANSCODINGS if each.name == usual)
    media.write_bytes(transcoded(clip("garden"), transcoding.container, transcoding.codec))
    assert header_duration_seconds(media) == pytest.approx(GARDEN_SECONDS, abs=0.2)


@pytest.mark.parametrize(
    "content", [amr_wb(1), transcoded(clip("garden"), "amr", "libopencore_amrnb")], ids=["wb", "nb"]
)
def test_what_telephones_record_is_accepted_bare(content: bytes, media: Path) -> None:
    media.write_bytes(content)
    refuse_other_than_media(media)
    assert header_duration_seconds(media) is None


@pytest.mark.parametrize("kind", TEXTS)
def test_text_is_refused(kind: str, media: Path) -> None:
    media.write_bytes(TEXTS[kind])
    with pytest.raises(UnsupportedMedia, match="plain text"):
        refuse_other_than_media(media)


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_another_kind_of_file_is_refused(kind: str, media: Path) -> None:
    media.write_bytes(OTHER_KINDS[kind])
    with pytest.raises(UnsupportedMedia, match="Send an audio or video file"):
        refuse_other_than_media(media)


@pytest.mark.parametrize("name", ["song.mp3", "speech.wav", "film.mp4"])
def test_a_name_makes_no_media(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(png())
    with pytest.raises(UnsupportedMedia, match="image/png"):
        refuse_other_than_media(tmp_path / name)


@pytest.mark.parametrize("name", ["notes.txt", "page.html", "list.m3u8"])
def test_media_is_media_under_any_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(tone_wav(1))
    refuse_other_than_media(tmp_path / name)
    assert header_duration_seconds(tmp_path / name) == 1


@pytest.mark.parametrize("character", ["é", "你", "🎧"])
@pytest.mark.parametrize("shift", range(4))
def test_text_is_text_wherever_the_head_cuts_a_character(character: str, shift: int, media: Path) -> None:
    media.write_bytes(b"." * shift + character.encode() * HEAD_BYTES)
    with pytest.raises(UnsupportedMedia, match="plain text"):
        refuse_other_than_media(media)


@pytest.mark.parametrize("size", [1, 100, HEAD_BYTES - 1])
def test_a_short_file_that_ends_within_a_character_is_no_text(size: int, media: Path) -> None:
    media.write_bytes(b"." * (size - 1) + b"\xc3")
    refuse_other_than_media(media)


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
@settings(deadline=None)
def test_any_text_is_refused_however_long(text: str, media: Path) -> None:
    media.write_bytes((text * (1 + HEAD_BYTES // len(text))).encode())
    with pytest.raises(UnsupportedMedia, match="plain text"):
        refuse_other_than_media(media)


@pytest.mark.parametrize("seed", range(20))
def test_garbage_is_left_to_the_decoder(seed: int, media: Path) -> None:
    media.write_bytes(garbage(seed, 100 << seed % 10))
    refuse_other_than_media(media)
    assert header_duration_seconds(media) is None


@pytest.mark.parametrize(
    "bad", [truncated_flac, video_without_audio, wav_without_samples], ids=lambda bad: bad.__name__
)
def test_media_that_only_the_decoder_finds_bad_is_accepted(bad: Callable[[], bytes], media: Path) -> None:
    media.write_bytes(bad())
    refuse_other_than_media(media)


def test_a_header_that_counts_no_samples_tells_no_length(media: Path) -> None:
    media.write_bytes(wav_without_samples())
    assert header_duration_seconds(media) is None


def test_a_length_that_cant_be_is_none(media: Path) -> None:
    # Such lengths add up: the lane's sum of waiting milliseconds leaves 64 bits after 48 of these.
    opus = bytearray(transcoded(clip("garden"), "ogg", "libopus"))
    last_page = opus.rfind(b"OggS")
    opus[last_page + 6 : last_page + 14] = (2**63 - 1).to_bytes(8, "little")  # its time, in samples
    media.write_bytes(opus)
    seconds = header_duration_seconds(media)
    assert seconds is None or seconds < 1e9


@pytest.mark.parametrize("codec", ["libopus", "vorbis"])
def test_a_long_ogg_tells_its_length_by_its_ends(codec: str, tmp_path: Path, media: Path) -> None:
    speech, _ = speech_wav()
    source = tmp_path / "speech"
    source.write_bytes(speech)
    media.write_bytes(transcoded(source, "ogg", codec))
    assert media.stat().st_size > 128 * 1024
    assert header_duration_seconds(media) == pytest.approx((len(speech) - 44) / 32_000, abs=0.2)


_LARGE = 32 * 1024 * 1024
GREEDY = {
    "false syncwords": b"ID3\4\0\0\0\0\0\0" + b"\xff" * _LARGE,
    "empty chunks": b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * (_LARGE // 8),
    "empty atoms": b"\0\0\0\x18ftypM4A " + bytes(12) + b"\0\0\0\x08free" * (_LARGE // 8),
    "a format as large as the file": b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", _LARGE) + bytes(_LARGE),
    "an atom as large as the file": b"\0\0\0\x18ftypM4A "
    + bytes(12)
    + struct.pack(">I4sI4s", _LARGE + 16, b"moov", _LARGE + 8, b"mvhd")
    + bytes(_LARGE),
    "tiny packets": (b"OggS\0\2" + bytes(20) + b"\xff" + b"\1" * 255 + bytes(255)) * (_LARGE // 537),
    "a packet without end": (b"OggS\0\2" + bytes(20) + b"\xff" * 256 + bytes(255 * 255)) * (_LARGE // 65_307),
}
"""Headers that have a parser walk through the whole file in tiny steps, or take it into memory."""


@pytest.mark.parametrize("kind", GREEDY)
def test_an_audio_bomb_costs_the_gateway_nothing(kind: str, media: Path) -> None:
    media.write_bytes(GREEDY[kind])
    began = time.thread_time()
    header_duration_seconds(media)
    # Every byte looked at would be seconds.
    assert time.thread_time() - began < 1
    tracemalloc.start()
    try:
        header_duration_seconds(media)
        assert tracemalloc.get_traced_memory()[1] < _LARGE / 8
    finally:
        tracemalloc.stop()


def whole_files() -> list[bytes]:
    return [transcoded(clip("garden"), each.container, each.codec) for each in (*TRANSCODINGS, *RARER_TRANSCODINGS)]


@st.composite
def damaged_media(draw: st.DrawFn) -> bytes:
    """Draw a clip with a few bytes of its header overwritten, removed or repeated, perhaps cut short."""
    damaged = bytearray(draw(st.sampled_from(whole_files())))
    extremes = st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1"])
    for _ in range(draw(st.integers(1, 8))):
        position = draw(st.integers(0, 2_000))
        removed = draw(st.integers(0, 8))
        damaged[position : position + removed] = draw(extremes | st.binary(max_size=8))
    return bytes(damaged[: draw(st.none() | st.integers(0, 4_000))])


def checked_length(media: Path, content: bytes) -> None:
    media.write_bytes(content)
    seconds = header_duration_seconds(media)
    assert seconds is None or (seconds > 0 and math.isfinite(seconds))


@given(content=damaged_media())
@settings(deadline=None, max_examples=200)
def test_a_damaged_header_tells_some_length_or_none(content: bytes, media: Path) -> None:
    checked_length(media, content)


@given(
    signature=st.sampled_from(SIGNATURES),
    rest=st.binary(max_size=300),
)
@example(signature=b"", rest=b"")
@settings(deadline=None, max_examples=200)
def test_any_bytes_tell_some_length_or_none(signature: bytes, rest: bytes, media: Path) -> None:
    checked_length(media, signature + rest)


@given(content=damaged_media() | st.binary(max_size=300))
@settings(deadline=None)
def test_whatever_a_file_holds_it_is_accepted_or_refused(content: bytes, media: Path) -> None:
    media.write_bytes(content)
    with suppress(UnsupportedMedia):
        refuse_other_than_media(media)
