"""Files that have whoever opens them open another file or an address: playlists, manifests, references within media.

Each is made in several disguises, since what a file is called or begins with must not matter.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.abuse.canary import Canary
from tests.media import clip, garbage, transcoded

AS_IT_IS = "as it is"
WITH_A_COMMENT = "with garbage in a comment"
"""What is no text, so that the gateway leaves it to the decoder, and means the same."""


@dataclass(frozen=True, slots=True)
class Snare:
    """A file that leads to the canary."""

    kind: str
    place: str
    disguise: str
    media: bytes

    def __str__(self) -> str:
        return f"{self.kind} to {self.place}, {self.disguise}"


def snares(canary: Canary) -> Iterator[Snare]:
    """Yield every kind of snare, leading to every place, in every disguise."""
    for place, target in _targets(canary).items():
        for kind, write in _PLAYLISTS.items():
            for disguise, disguised in _DISGUISES.items():
                yield Snare(kind, place, disguise, disguised(write(target).encode()))
        for kind, build in _MEDIA.items():
            yield Snare(kind, place, AS_IT_IS, build(target.encode()))
    for disguise, disguised in _DISGUISES.items():
        yield Snare("SDP", "an address", disguise, disguised(_sdp(canary.port).encode()))


def _targets(canary: Canary) -> dict[str, str]:
    address = f"127.0.0.1:{canary.port}"
    return {
        "a neighbour's upload": canary.upload.name,
        "a recording by its name": canary.recording.name,
        "a recording by its path": str(canary.recording),
        "a text by its URL": f"file://{canary.text}",
        "parts by a protocol": f"concat:{canary.recording}|{canary.text}",
        "an address": f"http://{address}/segment.ts",
        "a bare connection": f"tcp://{address}",
        "a datagram": f"rtp://{address}",
    }


def _hls(target: str) -> str:
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n"


def _hls_master(target: str) -> str:
    return (
        f'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="{target}"\n'
        f'#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\n{target}\n'
    )


def _hls_key(target: str) -> str:
    segment = f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXT-X-MAP:URI="{target}"\n#EXTINF:10,\n{target}'
    return f"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:10\n{segment}\n#EXT-X-ENDLIST\n"


def _ffconcat(target: str) -> str:
    return f"ffconcat version 1.0\nfile '{target}'\nduration 10\nfile '{target}'\n"


def _dash(target: str) -> str:
    return (
        '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT10S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet mimeType="audio/mp4" contentType="audio"><Representation id="1" bandwidth="64000" '
        f'codecs="mp4a.40.2"><BaseURL>{target}</BaseURL><SegmentBase indexRange="0-99"><Initialization range="0-99"/>'
        "</SegmentBase></Representation></AdaptationSet></Period></MPD>\n"
    )


def _pls(target: str) -> str:
    return f"[playlist]\nFile1={target}\nLength1=-1\nNumberOfEntries=1\nVersion=2\n"


def _asx(target: str) -> str:
    return f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>\n[Reference]\nRef1={target}\n'


def _smil(target: str) -> str:
    return f'<smil xmlns="http://www.w3.org/ns/SMIL"><body><seq><audio src="{target}"/></seq></body></smil>\n'


def _svg(target: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<image xlink:href="{target}" width="9" height="9"/></svg>\n'
    )


def _url(target: str) -> str:
    return f"{target}\n"


def _sdp(port: int) -> str:
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=rtcp:{port}\r\na=control:rtsp://127.0.0.1:{port}/\r\n"
    )


_PLAYLISTS: Mapping[str, Callable[[str], str]] = {
    "HLS": _hls,
    "HLS master": _hls_master,
    "HLS key": _hls_key,
    "ffconcat": _ffconcat,
    "DASH": _dash,
    "PLS": _pls,
    "ASX": _asx,
    "SMIL": _smil,
    "SVG": _svg,
    "URL": _url,
}


def _behind_id3(text: bytes) -> bytes:
    return b"ID3\4\0\0\0\0\0\x14" + b"TIT2\0\0\0\x0a\0\0\3a song\0\0\0" + text


def _mp3() -> bytes:
    return transcoded(clip("garden"), "mp3", "libmp3lame")


_DISGUISES: Mapping[str, Callable[[bytes], bytes]] = {
    AS_IT_IS: lambda text: text,
    "behind a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "in UTF-16": lambda text: b"\xff\xfe" + text.decode().encode("utf-16-le"),
    "behind an ID3 tag": _behind_id3,
    "behind a signature of WAV": lambda text: b"RIFF????WAVEfmt \n" + text,
    "behind zeros": lambda text: bytes(512) + text,
    "behind garbage": lambda text: garbage(17, 64) + b"\n" + text,
    WITH_A_COMMENT: lambda text: text + b"# " + garbage(17, 64) + b"\n",
    "before garbage": lambda text: text + garbage(17, 9_000),
    "before a null": lambda text: text + b"\0\1\2",
    "before an MP3": lambda text: text + _mp3(),
    "behind an MP3": lambda text: _mp3() + text,
}


def _with_data_reference(entry: bytes) -> bytes:
    """Return MP4 whose samples are said to be elsewhere (ISO/IEC 14496-12, 8.7.2; QuickTime File Format, `alis`)."""
    whole = transcoded(clip("garden"), "ipod", "aac")
    start = whole.index(b"dref") - 4
    (size,) = struct.unpack_from(">I", whole, start)
    dref = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    media = bytearray(whole[:start] + dref + whole[start + size :])
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = media.index(parent) - 4
        struct.pack_into(">I", media, at, struct.unpack_from(">I", media, at)[0] + len(dref) - size)
    return bytes(media)


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def _mp4_url(target: bytes) -> bytes:
    return _with_data_reference(_atom(b"url ", bytes(4) + target + b"\0"))


def _mp4_alias(target: bytes) -> bytes:
    path = target.removeprefix(b"file://")
    # What a Macintosh remembers of a file; its absolute path is the record of type 18.
    record = (
        bytes(4) + struct.pack(">HH", 150 + 4 + len(path) + len(path) % 2 + 4, 2) + bytes(2) + b"\4disk" + bytes(23)
    )
    record += bytes(12) + bytes([min(len(path), 63)]) + path[:63].ljust(63, b"\0") + bytes(16)
    record += bytes(4 + 16)
    record += struct.pack(">hH", 18, len(path)) + path + bytes(len(path) % 2) + struct.pack(">hH", -1, 0)
    return _with_data_reference(_atom(b"alis", bytes(4) + record))


def _reference_movie(target: bytes) -> bytes:
    reference = _atom(b"rdrf", struct.pack(">I4sI", 0, b"url ", len(target) + 1) + target + b"\0")
    return _atom(b"ftyp", b"qt  \0\0\2\0qt  ") + _atom(b"moov", _atom(b"rmra", _atom(b"rmda", reference)))


def _linked_segment(target: bytes) -> bytes:
    """Return Matroska that says which file comes before it and which behind (RFC 9559, 17)."""
    whole = transcoded(clip("garden"), "matroska", "flac")
    info = whole.index(bytes.fromhex("1549a966"))
    links = b"".join(
        bytes.fromhex(name) + b"\x01" + len(content).to_bytes(7) + content
        for name, content in (("3c83ab", target), ("3e83bb", target), ("3cb923", bytes(16)), ("3eb923", bytes(16)))
    )
    # Of unknown size, so that it may be longer than it was.
    segment = whole.index(bytes.fromhex("18538067"))
    body = (
        whole[segment + 12 : info] + bytes.fromhex("1549a966") + b"\x01" + len(links).to_bytes(7) + links + whole[info:]
    )
    return whole[: segment + 4] + b"\x01" + b"\xff" * 7 + body


def _linked_cover(target: bytes) -> bytes:
    """Return MP3 whose cover art is a link (ID3v2.4, 4.14)."""
    content = b"\0-->\0\3\0" + target
    frame = b"APIC" + struct.pack(">I", len(content)) + b"\0\0" + content
    return b"ID3\3\0\0" + bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0)) + frame + _mp3()


_MEDIA: Mapping[str, Callable[[bytes], bytes]] = {
    "MP4 data reference": _mp4_url,
    "MP4 alias": _mp4_alias,
    "QuickTime reference movie": _reference_movie,
    "Matroska linked segment": _linked_segment,
    "MP3 linked cover": _linked_cover,
}
"""Real containers, which the decoder opens, with a reference in them."""
FOLLOWED = ("HLS", "HLS master", "HLS key", "ffconcat")
"""What the FFmpeg inside PyAV's wheels follows, if it is let."""
KINDS = (*_PLAYLISTS, *_MEDIA, "SDP")
OWN_SECONDS = 4.73
"""Length of the audio in those that hold some of their own."""
NAMES = (
    "song.mp3",
    "list.m3u8",
    "film.mpd",
    "concat:/etc/passwd|/etc/hostname",
    "http://127.0.0.1/song.mp3",
    "../../../etc/passwd",
    "%03d.wav",
    "stream.sdp",
)
"""What clients may call a file."""
