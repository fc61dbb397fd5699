"""The decoder opens what it was given and nothing else: no neighbour's file, no address."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import av
import pytest

from core.errors import TranscriptionFailure
from tests.abuse.canary import Canary
from tests.abuse.snares import AS_IT_IS, FOLLOWED, KINDS, OWN_SECONDS, WITH_A_COMMENT, Snare, snares
from worker import decoding
from worker.audio import SAMPLE_RATE
from worker.decoder import Decoder

_TRUSTING = {
    "protocol_whitelist": "file,http,tcp,udp,rtp,concat,crypto,data",
    "allowed_extensions": "ALL",
    "allowed_segment_extensions": "ALL",
    "extension_picky": "0",
    "safe": "0",
}
_EXTENSIONS = {
    "HLS": ".m3u8",
    "HLS master": ".m3u8",
    "HLS key": ".m3u8",
    "ffconcat": ".ffconcat",
    "SDP": ".sdp",
    "DASH": ".mpd",
}
"""What FFmpeg wants some files to be called; the product's uploads have none, but nothing must hang on that."""
_PLACES = ("a recording by its path", "an address")


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    with Canary(tmp_path) as canary:
        yield canary


def names_of(snare: Snare, folder: Path) -> Iterator[Path]:
    """Write a snare under each name that it is tried under."""
    for extension in {"", _EXTENSIONS.get(snare.kind, ".wav")}:
        path = folder / f"0123456789abcdef0123456789abcdef{extension}"
        path.write_bytes(snare.media)
        yield path


@pytest.mark.parametrize("kind", FOLLOWED)
@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("disguise", [AS_IT_IS, WITH_A_COMMENT])
def test_the_canary_notices_whoever_follows_a_playlist(
    kind: str, place: str, disguise: str, canary: Canary, tmp_path: Path
) -> None:
    (snare,) = (each for each in snares(canary) if (each.kind, each.place, each.disguise) == (kind, place, disguise))
    noticed: list[str] = []
    for path in names_of(snare, tmp_path):
        with suppress(av.error.FFmpegError), av.open(str(path), timeout=0.5, options=_TRUSTING) as container:
            next(container.demux(), None)
        noticed += canary.touched()
    assert ("a connection was made" if place == "an address" else "a file was opened") in noticed


@pytest.mark.parametrize("kind", KINDS)
def test_a_playlist_is_not_followed_even_by_a_decoder_that_is_not_shut_in(
    kind: str, canary: Canary, tmp_path: Path
) -> None:
    for snare in (each for each in snares(canary) if each.kind == kind):
        for path in names_of(snare, tmp_path):
            with suppress(TranscriptionFailure), decoding.opened(path, max_seconds=60) as recording:
                samples = sum(len(window) for window in recording.windows()) // decoding.SAMPLE_BYTES
                assert samples / SAMPLE_RATE == pytest.approx(OWN_SECONDS, abs=0.3), snare
            with suppress(TranscriptionFailure):
                decoding.header_seconds(path)
            assert canary.touched() == [], (snare, path.suffix)


@pytest.mark.parametrize("kind", KINDS)
def test_a_playlist_gives_no_canary_byte_and_makes_no_connection(kind: str, canary: Canary, tmp_path: Path) -> None:
    with closing(Decoder(max_audio_seconds=60, timeout_seconds=20)) as decoder:
        for snare in (each for each in snares(canary) if each.kind == kind):
            for path in names_of(snare, tmp_path):
                got: float | TranscriptionFailure
                try:
                    got = decoder.decode(path).duration_seconds
                except TranscriptionFailure as failed:
                    got = failed
                assert canary.touched() == [], (snare, path.suffix)
                if isinstance(got, TranscriptionFailure):
                    assert got.failure.is_media_fault, snare
                    assert canary.token not in got.detail
                else:
                    assert got == pytest.approx(OWN_SECONDS, abs=0.3), snare
