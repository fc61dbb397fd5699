"""Puts placeholders in the place of personal data: in the text of segments, in their words, and out of their tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.transcript import Segment, Word
from worker.redaction.finder import Found


@dataclass(frozen=True, slots=True)
class Joined:
    """The text of several segments as one, and where each of them lies in it."""

    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Joined":
        """Join texts, with a space where two would run together."""
        whole = ""
        starts = []
        for text in texts:
            if whole and not whole[-1].isspace() and not text[:1].isspace():
                whole += " "
            starts.append(len(whole))
            whole += text
        return cls(whole, tuple(starts))


def redacted_text(text: str, found: Iterable[Found]) -> str:
    """Return a text with placeholders; of what lies half outside, the part within is replaced."""
    whole = ""
    done = 0
    for each in found:
        start, end = max(each.start, 0), min(each.end, len(text))
        part = text[start:end]
        if not part.strip():
            continue
        # White space at the edges stays: it parts words.
        start += len(part) - len(part.lstrip())
        end -= len(part) - len(part.rstrip())
        whole += text[done:start] + each.kind.placeholder
        done = end
    return whole + text[done:]


def redacted_segments(segments: Sequence[Segment], found: Sequence[Found]) -> list[Segment]:
    """Return segments without what was found in their joined texts.

    Every segment that a find touches shows the placeholder: each is a subtitle of its own. Of a touched one the tokens,
    which are text by another name, are gone. Words that a find touches are one word, timed from the first to the last.
    """
    joined = Joined.of(segment.text for segment in segments)
    words = [word for segment in segments for word in segment.words or ()]
    places = _places(joined.text, words)
    redacted: list[Segment] = []
    position = 0
    for segment, start in zip(segments, joined.starts, strict=True):
        of_segment = slice(position, position + len(segment.words or ()))
        position = of_segment.stop
        touching = within(found, start, start + len(segment.text))
        changes: dict[str, object] = {}
        if touching:
            changes = {"text": redacted_text(segment.text, touching), "tokens": ()}
        if segment.words is not None and found:
            changes["words"] = (
                # Nobody knows which of them to keep.
                () if places is None else _redacted_words(joined.text, words[of_segment], places[of_segment], found)
            )
        redacted.append(segment.model_copy(update=changes) if changes else segment)
    return redacted


def within(found: Iterable[Found], start: int, end: int) -> list[Found]:
    """Return what touches a part of the text, in places counted from the part's start."""
    return [
        Found(each.kind, each.start - start, each.end - start)
        for each in found
        if each.start < end and each.end > start
    ]


def _places(text: str, words: Sequence[Word]) -> list[tuple[int, int]] | None:
    """Return where in a text each of its words lies; None if they don't spell it, white space aside."""
    visible = [index for index, character in enumerate(text) if not character.isspace()]
    spelt = ["".join(word.word.split()) for word in words]
    if "".join(spelt) != "".join(text[index] for index in visible):
        return None
    places: list[tuple[int, int]] = []
    position = 0
    for letters in spelt:
        inside = visible[position : position + len(letters)]
        position += len(letters)
        last = places[-1][1] if places else 0
        places.append((inside[0], inside[-1] + 1) if inside else (last, last))
    return places


def _redacted_words(
    text: str, words: Sequence[Word], places: Sequence[tuple[int, int]], found: Sequence[Found]
) -> tuple[Word, ...]:
    """Return a segment's words, those that share a find as one."""
    redacted: list[Word] = []
    last: Found | None = None
    for word, (start, end) in zip(words, places, strict=True):
        touched = [each for each in found if each.start < end and each.end > start]
        if not touched:
            redacted.append(word)
            last = None
            continue
        written = redacted_text(text[start:end], within(touched, start, end))
        if touched[0] == last:
            # It goes on. The placeholder stands already; what is behind it in this word does not.
            begun = redacted.pop()
            redacted.append(
                Word(
                    word=begun.word + written.removeprefix(last.kind.placeholder),
                    start=begun.start,
                    end=word.end,
                    probability=min(begun.probability, word.probability),
                )
            )
        else:
            space = word.word[: len(word.word) - len(word.word.lstrip())]
            redacted.append(word.model_copy(update={"word": space + written}))
        last = touched[-1]
    return tuple(redacted)
