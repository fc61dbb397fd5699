"""Whatever a file, or a decoder that it has taken over, says it is: metrics know a few names."""

import random
import string

import av
import pytest

from tests.media import RARER_TRANSCODINGS, TRANSCODINGS
from worker.decoding import CONTAINERS
from worker.media_labels import codec_label, container_label

MOST_CODECS = 40


@pytest.mark.parametrize(
    ("demuxer", "label"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "mov"),
        ("matroska,webm", "matroska"),
        ("wav", "wav"),
        ("hls", "other"),
        ("", "other"),
        ('x"} 1\n', "other"),
    ],
)
def test_a_container_goes_by_its_first_name(demuxer: str, label: str) -> None:
    assert container_label(demuxer) == label


@pytest.mark.parametrize(
    ("codec", "label"),
    [
        ("mp3", "mp3"),
        ("pcm_s16le", "pcm"),
        ("adpcm_ima_wav", "adpcm"),
        ("qdm2", "other"),
        ("", "other"),
        (None, "none"),
    ],
)
def test_a_codec_goes_by_its_name_or_its_familys(codec: str | None, label: str) -> None:
    assert codec_label(codec) == label


def test_every_decoder_of_ffmpeg_and_any_nonsense_have_few_labels() -> None:
    letters = random.Random(4)
    nonsense = ["".join(letters.choices(string.printable, k=12)) for _ in range(1000)]
    names = [*av.codecs_available, *nonsense]
    assert len({codec_label(name) for name in names}) <= MOST_CODECS
    assert {container_label(name) for name in [*av.formats_available, *nonsense]} <= {*CONTAINERS, "other"}


def test_what_people_send_has_a_label_of_its_own() -> None:
    codecs = {av.codec.Codec(each.codec, "w").canonical_name for each in (*TRANSCODINGS, *RARER_TRANSCODINGS)}
    assert "other" not in {codec_label(codec) for codec in codecs}
