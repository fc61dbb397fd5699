"""Media files damaged at random, the same ones every time: what a disk, a network or an attacker makes of a file."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.media import RARER_TRANSCODINGS, TRANSCODINGS, amr_wb, tone_wav, transcoded

_HEADER_BYTES = 600
"""Where most of what a parser believes is."""
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged file, named for what it was and what was done to it."""

    name: str
    media: bytes


def whole_files(folder: Path) -> dict[str, bytes]:
    """Return a second of tone in every format that the decoder takes and can be made here."""
    tone = folder / "tone"
    tone.write_bytes(tone_wav(1))
    files = {each.name: transcoded(tone, each.container, each.codec) for each in (*TRANSCODINGS, *RARER_TRANSCODINGS)}
    return files | {"amr": transcoded(tone, "amr", "libopencore_amrnb"), "amr-wb": amr_wb(1)}


def mutants(files: Mapping[str, bytes], count: int, chance: random.Random) -> Iterator[Mutant]:
    """Yield damaged files; each format and each damage in turn, or nearly so."""
    formats, damages = list(files), list(_DAMAGES)
    for number in range(count):
        name = formats[number % len(formats)]
        whole = bytearray(files[name])
        chosen = chance.choices(damages, k=chance.choice((1, 1, 1, 2, 4)))
        for damage in chosen:
            whole = _DAMAGES[damage](whole, chance, files[chance.choice(formats)]) or bytearray(b"\0")
        yield Mutant(f"{number:04} {name}: {', '.join(chosen)}", bytes(whole))


def _place(media: bytearray, chance: random.Random) -> int:
    """Return a position, in the header as often as behind it."""
    end = min(_HEADER_BYTES, len(media)) if chance.random() < 0.5 else len(media)
    return chance.randrange(max(1, end))


def _stretch(media: bytearray, chance: random.Random) -> slice:
    start = _place(media, chance)
    return slice(start, start + chance.choice((1, 4, 16, 256, 4096)))


def _flipped(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    for _ in range(chance.choice((1, 2, 8, 64))):
        media[_place(media, chance)] ^= 1 << chance.randrange(8)
    return media


def _cut(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    return media[: _place(media, chance)]


def _removed(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    del media[_stretch(media, chance)]
    return media


def _repeated(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    stretch = _stretch(media, chance)
    media[stretch] = media[stretch] * chance.choice((2, 3, 100))
    return media


def _blanked(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    stretch = _stretch(media, chance)
    media[stretch] = bytes([chance.choice((0, 0xFF))]) * len(media[stretch])
    return media


def _noised(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    media[_stretch(media, chance)] = chance.randbytes(chance.choice((1, 16, 256)))
    return media


def _field(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    """Overwrite what may be a length, a count or a rate with what a parser may not expect."""
    start, size = _place(media, chance), chance.choice((1, 2, 4, 8))
    order: list[str] = ["little", "big"]
    number = chance.choice(_EXTREMES) if chance.random() < 0.7 else chance.getrandbits(8 * size)
    media[start : start + size] = (number % (1 << 8 * size)).to_bytes(size, chance.choice(order))  # type: ignore[arg-type]
    return media


def _spliced(media: bytearray, chance: random.Random, other: bytes) -> bytearray:
    return media[: _place(media, chance)] + other[chance.randrange(len(other)) :]


def _swapped(media: bytearray, chance: random.Random, _other: bytes) -> bytearray:
    one, other = sorted((_place(media, chance), _place(media, chance)))
    return media[:one] + media[other:] + media[one:other]


def _nested(media: bytearray, chance: random.Random, other: bytes) -> bytearray:
    start = _place(media, chance)
    return media[:start] + other + media[start:]


_DAMAGES: Mapping[str, Callable[[bytearray, random.Random, bytes], bytearray]] = {
    "bits flipped": _flipped,
    "cut": _cut,
    "a stretch removed": _removed,
    "a stretch repeated": _repeated,
    "a stretch blanked": _blanked,
    "noise put in": _noised,
    "a field overwritten": _field,
    "spliced with another": _spliced,
    "parts swapped": _swapped,
    "another put within": _nested,
}
"""What can be done to a file: takes it, the random numbers and another file, which some need."""
