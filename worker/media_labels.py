"""Names of containers and codecs for metrics: those that are known, and `other` whatever a file or its child says."""

from typing import Final

from worker.decoding import CONTAINERS

UNKNOWN: Final = "unknown"
"""Of a file that could not be opened."""
_NONE: Final = "none"
"""Of a file without audio."""
_OTHER: Final = "other"

_FAMILIES: Final = ("pcm", "adpcm")
"""Each of dozens of codecs that differ in how a sample is written."""
_CODECS: Final = frozenset(
    {
        *("aac", "aac_latm", "ac3", "alac", "amr_nb", "amr_wb", "ape", "dts", "eac3", "flac", "gsm", "gsm_ms"),
        *("mp1", "mp2", "mp3", "opus", "speex", "truehd", "tta", "vorbis", "wavpack"),
        *("wmalossless", "wmapro", "wmav1", "wmav2", "wmavoice"),
    }
)


def container_label(demuxer: str) -> str:
    """Return the label of a container by the name of FFmpeg's demuxer, the first one of several: `mov`, `matroska`."""
    first = demuxer.partition(",")[0]
    return first if first in CONTAINERS else _OTHER


def codec_label(codec: str | None) -> str:
    """Return the label of a codec by FFmpeg's name for it: `mp3`, or `pcm` for any of that family."""
    if codec is None:
        return _NONE
    family = codec.partition("_")[0]
    if family in _FAMILIES:
        return family
    return codec if codec in _CODECS else _OTHER
