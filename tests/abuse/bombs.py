"""Files that are small and want much: time, memory or an answer longer than anybody's patience.

Each is built from the formats' own specifications; what none of them may do is told where they are used.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from tests.media import ebml, garbage, matroska_head, tone_wav, transcoded, write_long_silence

TOO_LONG = frozenset({"audio_too_long"})
UNDECODABLE = frozenset({"audio_undecodable"})
REFUSED = frozenset({"unsupported_media"})
_MIB = 1 << 20
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Bomb:
    """A file, and the codes of which one must be its answer or its failure; any reason will do if there are none."""

    name: str
    media: bytes
    must_end_in: frozenset[str] = frozenset()


def bombs(folder: Path) -> Iterator[Bomb]:
    """Yield them all, one after the other; `folder` is for their making."""
    tone = folder / "tone"
    tone.write_bytes(tone_wav(1))

    def stored(container: str, codec: str) -> bytes:
        return transcoded(tone, container, codec)

    for name, make in _LONG.items():
        yield Bomb(name, make(folder), TOO_LONG)
    for name, media in _wavs().items():
        yield Bomb(name, media, UNDECODABLE)
    yield Bomb("90 MB in one frame", matroska_head(90_000_000) + bytes(90_000_000), UNDECODABLE)
    yield Bomb("16 MB in one frame, the longest that is taken", matroska_head(1 << 24) + bytes(1 << 24))
    # Two frames of equal size can't have one byte between them.
    yield Bomb("Opus of 300,000 broken packets", repeated_opus(b"\x59\0", hours=10), frozenset({"audio_empty"}))
    yield Bomb("FLAC of 2^36-1 samples", _overwritten(stored("flac", "flac"), 21, b"\x0f\xff\xff\xff\xff"), UNDECODABLE)
    yield Bomb("Matroska frame, deflated 1000 to 1", _deflated_matroska(64 * _MIB))
    yield Bomb("MP4 movie header, deflated 1000 to 1", _deflated_movie(64 * _MIB))
    yield Bomb("MP4 movie headers, deflated within each other", _deflated_movie(_MIB, depth=12))
    mp4 = stored("ipod", "aac")
    for atom, offset, size in _ATOM_FIELDS:
        yield Bomb(f"MP4 with absurd {atom}", _overwritten(mp4, mp4.index(atom.encode()) + offset, b"\xff" * size))
    yield Bomb("MP4 of atoms 20,000 deep", _nested_atoms(20_000))
    yield Bomb("MP4 of a million empty atoms", _FTYP + b"\0\0\0\x08free" * _MIB)
    yield Bomb("MP4 atom of 2^63 bytes", _FTYP + struct.pack(">I4sQ", 1, b"moov", 1 << 63) + bytes(64))
    yield Bomb("Ogg of 20,000 streams", _streams(20_000))
    yield Bomb("Ogg packet without end", _page(b"\xff" * 255, bytes(255 * 255)) * 128)
    yield Bomb("Ogg of tiny packets", _page(b"\1" * 255, bytes(255)) * 8_000)
    yield Bomb("Opus of 255 channels", _overwritten(stored("ogg", "libopus"), 28 + 9, b"\xff\0\0\x80\xbb\0\0\0\0\xff"))
    mp3 = stored("mp3", "libmp3lame")
    yield Bomb("MP3 behind a tag of 256 MB", b"ID3\4\0\0\x7f\x7f\x7f\x7f" + mp3)
    yield Bomb("MP3 with 8 MB of cover art", _tag(b"APIC", b"\0image/png\0\3\0" + garbage(1, 8 * _MIB)) + mp3)
    yield Bomb("MP3 with cover art of 30,000 x 30,000", _tag(b"APIC", b"\0image/png\0\3\0" + _huge_picture()) + mp3)
    yield Bomb("MP3 with 50,000 tags", _tag(b"TXXX", b"\0a\0b" * 10, repeated=50_000) + mp3)
    yield Bomb("8 MB of false syncwords", mp3[:1000] + b"\xff" * (8 * _MIB))
    flac = stored("flac", "flac")
    yield Bomb("FLAC with 2^32-1 comments", _with_flac_block(flac, 4, struct.pack("<III", 0, 0xFFFF_FFFF, 0xFFFF_FFFF)))
    yield Bomb("FLAC with 16 MB of padding", _with_flac_block(flac, 1, bytes(0xFF_FFFF)))
    yield Bomb(
        "FLAC with a picture that lies", _with_flac_block(flac, 6, struct.pack(">II", 3, 0xFFFF_FFFF) + bytes(64))
    )
    matroska = stored("matroska", "flac")
    yield Bomb("Matroska element of 2^56-2 bytes", matroska[:200] + b"\x16\x54\xae\x6b\x01" + b"\xff" * 6 + b"\xfe")
    yield Bomb(
        "Matroska clusters 20,000 deep", matroska[:60] + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" * 20_000
    )
    yield Bomb("film of 30,000 x 30,000", _huge_film())
    for container, codec, marker, offset, field in _LIES:
        whole = stored(container, codec)
        yield Bomb(f"{container} whose {marker!r} lies", _overwritten(whole, whole.index(marker) + offset, field))
    yield Bomb("gzip within gzip within gzip", _archives(), REFUSED)
    yield Bomb("the same, named by a tag as MP3", b"ID3\4\0\0\0\0\0\0" + _archives(), UNDECODABLE)


_ATOM_FIELDS = (
    ("stsz", 12, 4),  # how many samples there are
    ("stts", 8, 4),  # how many runs of equally long ones
    ("stsc", 8, 4),  # how many runs of chunks
    ("stco", 8, 4),  # how many chunks
    ("stsd", 8, 4),  # how many descriptions
    ("mdhd", 16, 8),  # ticks a second, and how many
    ("mvhd", 16, 8),
    ("elst", 8, 12),  # the edits
    ("mp4a", 20, 12),  # channels, bits and rate
)
"""Atoms of ISO/IEC 14496-12, where a field lies behind their name, and how many bytes it has."""
_LIES = (
    ("aiff", "pcm_s16be", b"COMM", 8, b"\xff" * 18),
    ("caf", "pcm_s16le", b"desc", 12, b"\x7f\xe0" + bytes(6)),
    ("au", "pcm_s16be", b".snd", 8, b"\xff" * 16),
    ("w64", "pcm_s16le", b"data", 16, b"\xff" * 7),
    ("avi", "pcm_s16le", b"strh", 28, b"\0\0\0\0\xff\xff\xff\xff"),
    ("avi", "pcm_s16le", b"strf", 8, b"\1\0\xff\xff\1\0\0\0"),
    ("tta", "tta", b"TTA1", 6, b"\xff" * 12),
    ("wv", "wavpack", b"wvpk", 12, b"\xff" * 12),
    ("asf", "wmav2", bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365"), 16, b"\xff" * 8),
    ("flv", "aac", b"FLV", 5, b"\xff\xff\xff\xff"),
    ("mp3", "libmp3lame", b"Info", 8, b"\xff" * 8),
)
"""Container, codec, what a header begins with, where in it a lie goes, and the lie."""

_FTYP = b"\0\0\0\x18ftypM4A \0\0\2\0M4A mp42"


def _wavs() -> dict[str, bytes]:
    """Return WAVs whose format nobody records."""

    def wav(rate: int, channels: int, bits: int, data: bytes, declared: int | None = None) -> bytes:
        size = len(data) if declared is None else declared
        block = channels * bits // 8
        kind = struct.pack("<HHIIHH", 1, channels & 0xFFFF, rate, rate * block & 0xFFFF_FFFF, block & 0xFFFF, bits)
        head = struct.pack("<4sI4s4sI", b"RIFF", min(36 + size, 0xFFFF_FFFF), b"WAVE", b"fmt ", len(kind))
        return head + kind + struct.pack("<4sI", b"data", size) + data

    return {
        "644 bytes of WAV at 1 Hz": wav(1, 1, 8, b"\x80" * 600),
        "WAV at 4 GHz": wav(0xFFFF_FFFF, 1, 8, b"\x80" * 600),
        "WAV at 0 Hz": wav(0, 1, 8, b"\x80" * 600),
        "WAV of 65,535 channels": wav(16_000, 65_535, 8, b"\x80" * 65_535 * 4),
        "WAV of 65 channels": wav(16_000, 65, 8, b"\x80" * 65 * 400),
        "WAV that declares 2 GB": wav(16_000, 1, 8, b"\x80" * 600, declared=0x7000_0000),
        "WAV whose format is a megabyte": b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", _MIB) + bytes(_MIB),
        "WAV of a million empty chunks": b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * _MIB,
    }


def repeated_opus(packet: bytes, hours: int) -> bytes:
    """Return hours of one packet of 120 ms, again and again, in Ogg."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as sink:
        stream = sink.add_stream("libopus", rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 48_000
        for encoded in [*stream.encode(frame), *stream.encode()]:
            sink.mux(encoded)
    whole = file.getvalue()
    headers = whole[: whole.index(b"OggS", whole.index(b"OpusTags"))]
    lacing, body, samples = bytes([len(packet)]) * 255, packet * 255, 255 * 5_760
    pages = hours * _HOUR * 48_000 // samples
    return headers + b"".join(
        _page(lacing, body, kind=4 * (n == pages), granule=n * samples, serial=headers[14:18], number=n + 1)
        for n in range(1, pages + 1)
    )


def _silent_opus(_folder: Path) -> bytes:
    """Return 100 hours in 6 MB: packets of one byte, of two frames without a bit each (RFC 6716, 3.1 and 3.2.3)."""
    return repeated_opus(b"\x59", hours=100)


def _silent_amr(_folder: Path) -> bytes:
    """Return 20 hours in 3.6 MB: AMR frames of one byte say that there is nothing to send (RFC 4867, 3.6)."""
    speech = b"\x04" + bytes(12)  # or it would be text: the others are vertical lines
    return b"#!AMR\n" + speech + b"\x7c" * (20 * _HOUR * 50)


def _silent_matroska(folder: Path) -> bytes:
    """Return 12 hours of silence in about a megabyte: FLAC says in a few bytes that a second is all zeros."""
    path = folder / "silence"
    write_long_silence(path, 12 * _HOUR)
    return path.read_bytes()


_LONG: dict[str, Callable[[Path], bytes]] = {
    "100 hours of silent Opus": _silent_opus,
    "20 hours of silent AMR": _silent_amr,
    "12 hours of silent FLAC": _silent_matroska,
}


def _deflated_matroska(size: int) -> bytes:
    """Return Matroska whose one block is deflated zeros (RFC 9559, 5.1.4.1.31: ContentCompAlgo 0)."""
    encoding = ebml("6D80", ebml("6240", ebml("5034", ebml("4254", b"\0"))))
    deflated = zlib.compress(bytes(size), 9)
    return matroska_head(len(deflated), encoding=encoding) + deflated


def _deflated_movie(size: int, *, depth: int = 1) -> bytes:
    """Return MP4 whose movie header is deflated (QuickTime File Format, `cmov`), so many times over."""
    movie = struct.pack(">I4s", size + 8, b"free") + bytes(size)
    for _ in range(depth):
        deflated = zlib.compress(movie, 9)
        how = struct.pack(">I4s4s", 12, b"dcom", b"zlib")
        what = struct.pack(">I4sI", len(deflated) + 12, b"cmvd", len(movie)) + deflated
        packed = struct.pack(">I4s", len(how) + len(what) + 8, b"cmov") + how + what
        movie = struct.pack(">I4s", len(packed) + 8, b"moov") + packed
    return _FTYP + movie


def _nested_atoms(depth: int) -> bytes:
    return _FTYP + b"".join(struct.pack(">I4s", 8 * level, b"moov") for level in range(depth, 0, -1))


def _page(
    lacing: bytes, body: bytes, *, kind: int = 0, granule: int = 0, serial: bytes = bytes(4), number: int = 0
) -> bytes:
    """Return a page of Ogg (RFC 3533, section 6)."""
    head = struct.pack("<4sBBq4sI", b"OggS", 0, kind, granule, serial, number)
    page = head + bytes(4) + bytes([len(lacing)]) + lacing + body
    return page[:22] + struct.pack("<I", _ogg_checksum(page)) + page[26:]


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _ogg_checksum(page: bytes) -> int:
    """Return Ogg's CRC-32, which has zlib's polynomial the other way round, without its first and last step."""
    # To begin with zero, zlib must be told the complement.
    reflected = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reflected:032b}"[::-1], 2)


def _streams(count: int) -> bytes:
    """Return an Ogg file that opens so many Opus streams."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48_000, 0, 0)
    lacing = bytes([len(head)])
    return b"".join(_page(lacing, head, kind=2, serial=struct.pack("<I", number)) for number in range(count))


def _tag(frame: bytes, content: bytes, *, repeated: int = 1) -> bytes:
    """Return an ID3v2.4 tag with one frame, perhaps again and again."""
    frames = (frame + _synchsafe(len(content)) + b"\0\0" + content) * repeated
    return b"ID3\4\0\0" + _synchsafe(len(frames)) + frames


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


@cache
def _huge_picture() -> bytes:
    """Return a PNG of 3.6 GB in 3.5 MB: its pixels are all the same."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    # Behind a full flush nothing refers back, so a piece can be repeated; of zeros, Adler-32 knows the number only.
    rows = bytes(300 * (1 + 4 * 30_000))
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = deflate.compress(rows) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">HH", 100 * len(rows) % 65_521, 1)
    pixels = b"\x78\xda" + piece * 100 + b"\1\0\0\xff\xff" + checksum
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _huge_film() -> bytes:
    """Return QuickTime with a second of sound and one picture of 3.6 GB."""
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as sink:
        film = sink.add_stream("png", rate=1, width=64, height=64, pix_fmt="rgba")
        sound = sink.add_stream("pcm_s16le", rate=8_000, layout="mono")
        assert isinstance(sound, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8_000), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 8_000
        encoded = sound.encode(frame)
        picture = av.Packet(_huge_picture())
        picture.stream, picture.pts, picture.dts, picture.time_base = film, 0, 0, Fraction(1, 1)
        sink.mux(picture)
        sink.mux(encoded)
    return file.getvalue()


def _with_flac_block(flac: bytes, kind: int, content: bytes) -> bytes:
    """Return FLAC with a block of metadata more, behind the first one (RFC 9639, section 8)."""
    first = 4 + 4 + 34
    return (
        flac[:4]
        + bytes([flac[4] & 0x7F])
        + flac[5:first]
        + bytes([kind])
        + len(content).to_bytes(3)
        + content
        + flac[first:]
    )


def _archives() -> bytes:
    """Return gigabytes in some kilobytes."""
    packed = bytes(64 * _MIB)
    for _ in range(3):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        packed = packer.compress(packed) + packer.flush()
    return packed


def _overwritten(whole: bytes, offset: int, field: bytes) -> bytes:
    return whole[:offset] + field + whole[offset + len(field) :]
