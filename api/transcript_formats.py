"""Renders a transcript for download: as JSON, plain text, a table, or subtitles laid out for reading."""

import html
import math
import sys
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, groupby, pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from core.pii import PiiKind
from core.transcript import Segment, Transcript

_SHORTEST_CUE_MS = 40
"""One frame at 25 pictures a second. A cue shorter than a frame may never reach the screen."""
_PAUSE_SECONDS = 0.5
"""A silence this long separates as well as a full stop does."""

# ruff: noqa: RUF001 (the punctuation of other scripts is what is meant here)
_SENTENCE_ENDS = frozenset(".?!…。？！｡।؟۔።")
_CLAUSE_ENDS = frozenset(",;:、，；：､،؛」』")
_DASHES = frozenset("–—")
_QUOTES = "\"'”’»)]"
_NEVER_LAST = frozenset("([{¿¡（「『【《〈")
_NEVER_FIRST = _SENTENCE_ENDS | _CLAUSE_ENDS | frozenset(")]}）】》〉ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")

_ZERO_WIDTH = frozenset({"Mn", "Me", "Cf"})
_ZERO_WIDTH_JOINER = "\u200d"
_EXTENDING = _ZERO_WIDTH | {"Mc"}
_EXTENDING_LETTERS = frozenset(
    "\u0e33\u0eb3"  # Thai and Lao AM: vowels written half above the consonant before
    + "".join(map(chr, range(0x1160, 0x1200)))  # vowels and finals of decomposed Hangul syllables
    + "".join(map(chr, range(0x1F3FB, 0x1F400)))  # skin tones of emoji
)


class ResultFormat(StrEnum):
    """The formats a finished transcript can be downloaded in."""

    JSON = "json"
    VERBOSE_JSON = "verbose_json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"

    @property
    def content_type(self) -> str:
        """The media type to send the format with."""
        return _CONTENT_TYPES[self]


_CONTENT_TYPES = {
    ResultFormat.JSON: "application/json",
    ResultFormat.VERBOSE_JSON: "application/json",
    ResultFormat.TEXT: "text/plain; charset=utf-8",
    ResultFormat.SRT: "application/x-subrip; charset=utf-8",
    ResultFormat.VTT: "text/vtt; charset=utf-8",
    ResultFormat.TSV: "text/tab-separated-values; charset=utf-8",
}


class TranscriptWord(BaseModel, frozen=True):
    """One word and its time."""

    word: str = Field(description="The word, without the white space around it.")
    start: float = Field(description="Seconds from the start of the audio.")
    end: float = Field(description="Seconds from the start of the audio.")
    probability: float = Field(description="The model's probability for the word, 0 to 1.")


_OptionalWords = Annotated[
    tuple[TranscriptWord, ...] | None,
    Field(exclude_if=lambda words: words is None, description="Left out unless word timestamps were asked for."),
]


_OptionalChannel = Annotated[
    int | None,
    Field(exclude_if=lambda channel: channel is None, description="Channel, from 1; left out unless they are split."),
]
_OptionalSpeaker = Annotated[
    int | None,
    Field(
        exclude_if=lambda speaker: speaker is None,
        description="Who speaks, from 1 in the order of appearance; left out unless `diarize`.",
    ),
]
_OptionalLanguage = Annotated[
    str | None,
    Field(exclude_if=lambda language: language is None, description="Its language; left out unless `multilingual`."),
]


_OptionalCounts = Annotated[
    Mapping[PiiKind, int] | None,
    Field(
        exclude_if=lambda counts: counts is None,
        description="How often each kind asked for was replaced by a placeholder; left out unless `redact` was sent.",
    ),
]


class PlainSegment(BaseModel, frozen=True):
    """A stretch of speech."""

    id: int = Field(description="Counts from 1.")
    start: float = Field(description="Seconds from the start of the audio.")
    end: float = Field(description="Seconds from the start of the audio.")
    text: str = Field(description="What is said, without the white space around it.")
    words: _OptionalWords = None
    channel: _OptionalChannel = None
    speaker: _OptionalSpeaker = None
    language: _OptionalLanguage = None


class PlainTranscript(BaseModel, frozen=True):
    """A transcript with what most clients need."""

    text: str = Field(description="The whole text.")
    language: str = Field(description="Whisper's code of the spoken language, given or detected.")
    language_probability: float = Field(description="Certainty of the detection; 1 if the language was given.")
    duration_seconds: float = Field(description="Length of the audio.")
    segments: tuple[PlainSegment, ...]
    redacted: _OptionalCounts = None


class VerboseSegment(BaseModel, frozen=True):
    """A stretch of speech, with the figures of its decoding."""

    id: int = Field(description="Counts from 1.")
    seek: int = Field(description="First frame (10 ms) of the window the segment was decoded in.")
    start: float = Field(description="Seconds from the start of the audio.")
    end: float = Field(description="Seconds from the start of the audio.")
    text: str = Field(description="What is said, as the model wrote it: joined, the segments are the whole text.")
    tokens: tuple[int, ...] = Field(description="The model's token ids; none where something is redacted.")
    temperature: float | None = Field(description="Temperature the segment was decoded with.")
    avg_logprob: float = Field(description="Mean log probability of the tokens.")
    compression_ratio: float = Field(description="Of the text under gzip; a high one tells of repetition.")
    no_speech_prob: float = Field(description="Probability that nothing is said, 0 to 1.")
    words: _OptionalWords = None
    channel: _OptionalChannel = None
    speaker: _OptionalSpeaker = None
    language: _OptionalLanguage = None


class VerboseTranscript(BaseModel, frozen=True):
    """A transcript in the shape of OpenAI's `verbose_json`."""

    task: Literal["transcribe", "translate"]
    language: str = Field(description="Whisper's code of the spoken language, given or detected.")
    duration: float = Field(description="Length of the audio in seconds.")
    text: str = Field(description="The whole text.")
    segments: tuple[VerboseSegment, ...]
    words: _OptionalWords = None
    redacted: _OptionalCounts = None


@dataclass(frozen=True, slots=True)
class SubtitleLayout:
    """Bounds of one subtitle. The defaults, 42 columns, 2 lines and 7 s, are Netflix's timed-text style guide's.

    Line lengths are columns: an East Asian wide character takes two, a combining mark none.

    Raises:
        ValueError: a cue or a line could hold nothing, or a cue would last less than a frame, or without end.
    """

    max_line_length: int = 42
    max_lines: int = 2
    max_cue_seconds: float = 7.0

    def __post_init__(self) -> None:
        if self.max_line_length < 1 or self.max_lines < 1:
            raise ValueError("A subtitle needs at least one line of one column.")
        if not _SHORTEST_CUE_MS <= self.max_cue_seconds * 1000 < math.inf:
            raise ValueError(f"A subtitle needs at least {_SHORTEST_CUE_MS} ms, and an end.")


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines shown together, from and to a millisecond of the audio.

    Times are whole milliseconds, as the files hold them, so nothing is rounded after cues were put in turn.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    channel: int | None = None
    """Where channels are apart, the one that these words are in."""
    speaker: int | None = None
    """Where speakers are told apart, whose words these are."""


def render(transcript: Transcript, result_format: ResultFormat, layout: SubtitleLayout) -> str:
    """Return the transcript as a text file; `layout` bears on subtitles alone.

    Raises:
        ValueError: the format is one of JSON, which `plain_json` and `verbose_json` build.
    """
    match result_format:
        case ResultFormat.TEXT:
            return to_text(transcript)
        case ResultFormat.SRT:
            return to_srt(transcript, layout)
        case ResultFormat.VTT:
            return to_vtt(transcript, layout)
        case ResultFormat.TSV:
            return to_tsv(transcript)
        case ResultFormat.JSON | ResultFormat.VERBOSE_JSON:
            raise ValueError(f"{result_format} is not a text format.")


def plain_json(transcript: Transcript) -> PlainTranscript:
    """Return the transcript as the format `json` holds it."""
    return PlainTranscript(
        text=transcript.text,
        language=transcript.info.language,
        language_probability=transcript.info.language_probability,
        duration_seconds=transcript.info.duration_seconds,
        segments=tuple(plain_segment(segment) for segment in transcript.segments),
        redacted=transcript.info.redacted,
    )


def plain_segment(segment: Segment) -> PlainSegment:
    """Return a segment as the format `json` holds it."""
    return PlainSegment(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        text=segment.text.strip(),
        words=_words(segment),
        channel=segment.channel,
        speaker=segment.speaker,
        language=segment.language,
    )


def verbose_json(transcript: Transcript, whisper_task: Literal["transcribe", "translate"]) -> VerboseTranscript:
    """Return the transcript as the format `verbose_json` holds it; `whisper_task` is what was asked for."""
    segments = tuple(
        VerboseSegment(**segment.model_dump(exclude={"words"}), words=_words(segment))
        for segment in transcript.segments
    )
    timed = [segment.words for segment in segments if segment.words is not None]
    return VerboseTranscript(
        task=whisper_task,
        language=transcript.info.language,
        duration=transcript.info.duration_seconds,
        text=transcript.text,
        segments=segments,
        words=tuple(word for words in timed for word in words) if timed else None,
        redacted=transcript.info.redacted,
    )


def to_text(transcript: Transcript) -> str:
    """Return the bare text, one line per segment; speakers, or channels that are apart, are named."""
    return "".join(f"{_spoken_by(segment)}{_on_one_line(segment.text)}\n" for segment in transcript.segments)


def to_tsv(transcript: Transcript) -> str:
    """Return a table of start (ms), end (ms) and text, one row per segment, as openai/whisper writes it."""
    rows = (
        f"{_milliseconds(segment.start)}\t{_milliseconds(segment.end)}\t"
        f"{_spoken_by(segment)}{_on_one_line(segment.text)}\n"
        for segment in transcript.segments
    )
    return "start\tend\ttext\n" + "".join(rows)


def to_srt(transcript: Transcript, layout: SubtitleLayout) -> str:
    """Return SubRip subtitles. SubRip cannot escape, so a player may take `<b>` in the text for mark-up."""
    return "\n".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        # An arrow within the text would read as a second time line.
        + _spoken_by(cue)
        + "".join(f"{line.replace('-->', '-- >')}\n" for line in cue.lines)
        for number, cue in enumerate(subtitle_cues(transcript.segments, layout), start=1)
    )


def to_vtt(transcript: Transcript, layout: SubtitleLayout) -> str:
    """Return WebVTT subtitles."""
    return "WEBVTT\n" + "".join(
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n"
        + (f"<v {speaker}>" if (speaker := _speaker(cue)) else "")
        + "".join(f"{html.escape(line, quote=False)}\n" for line in cue.lines)
        for cue in subtitle_cues(transcript.segments, layout)
    )


def subtitle_cues(segments: Iterable[Segment], layout: SubtitleLayout) -> list[Cue]:
    """Lay segments out as subtitles: in turn, each within the layout; only cues of different channels overlap.

    Cues are timed by the segment's words. Without words, or with words that do not spell the text,
    time passes evenly over the segment's characters. A cue shorter than a frame (40 ms) is given one,
    so that it is drawn at all. A segment without text has no cue.
    """
    of_channels: defaultdict[int | None, list[Cue]] = defaultdict(list)
    for segment in segments:
        of_channels[segment.channel].extend(_cues(segment, layout))
    in_turn = (cue for cues in of_channels.values() for cue in _in_turn(cues, layout))
    return sorted(in_turn, key=lambda cue: cue.start_ms)


def _in_turn(cues: Sequence[Cue], layout: SubtitleLayout) -> list[Cue]:
    """Start every cue on time, or a frame after the one before it, and end it by the start of the next."""
    longest_ms = _milliseconds(layout.max_cue_seconds)
    _, *starts = accumulate(
        (cue.start_ms for cue in cues),
        lambda previous, start: max(start, previous + _SHORTEST_CUE_MS),
        initial=-_SHORTEST_CUE_MS,
    )
    return [
        replace(
            cue,
            start_ms=start,
            end_ms=min(max(cue.end_ms, start + _SHORTEST_CUE_MS), start + longest_ms, next_start),
        )
        for cue, start, next_start in zip(cues, starts, [*starts[1:], sys.maxsize], strict=False)
    ]


def ends_sentence(word: str) -> bool:
    """Tell whether a sentence ends behind a word, as far as its punctuation says."""
    return word.rstrip(_QUOTES)[-1:] in _SENTENCE_ENDS


@dataclass(frozen=True, slots=True)
class _Piece:
    """What no break divides: a word, or a character of a word longer than a line.

    Its place is measured in time and in columns, as if the segment were one endless line.
    """

    text: str
    left: int
    right: int
    start: float
    end: float


def _cues(segment: Segment, layout: SubtitleLayout) -> Iterator[Cue]:
    """Divide one segment into cues and these into lines."""
    timed_by_words = _words_spell_text(segment)

    def line_end(pieces: Sequence[_Piece], first: int) -> int:
        limit = pieces[first].left + layout.max_line_length
        return bisect_right(pieces, limit, lo=first + 1, key=lambda piece: piece.right)

    def cue_end(pieces: Sequence[_Piece], first: int) -> int:
        one_line = end = line_end(pieces, first)
        for _ in range(layout.max_lines - 1):
            if end < len(pieces):
                end = line_end(pieces, end)
        # Times known per word are kept to. Guessed ones are no reason to tear a line apart:
        # a short text over a long stretch is shown from its start, for as long as a cue may last.
        shortest = first + 1 if timed_by_words else one_line
        while end > shortest and pieces[end - 1].end - pieces[first].start > layout.max_cue_seconds:
            end -= 1
        return end

    for shown in _divided(_pieces(segment, layout.max_line_length), cue_end):
        yield Cue(
            start_ms=_milliseconds(shown[0].start),
            end_ms=_milliseconds(shown[-1].end),
            lines=tuple(_joined(line) for line in _divided(shown, line_end)),
            channel=segment.channel,
            speaker=segment.speaker,
        )


def _divided(pieces: Sequence[_Piece], part_end: Callable[[Sequence[_Piece], int], int]) -> Iterator[Sequence[_Piece]]:
    """Divide into as few parts as can be, about equally wide, at the best breaks.

    `part_end` tells where the longest part ends (exclusive) that begins with a given piece.
    """
    ends = [part_end(pieces, first) for first in range(len(pieces))]
    parts_from = [0] * (len(pieces) + 1)
    for first in reversed(range(len(pieces))):
        parts_from[first] = 1 + parts_from[ends[first]]

    first = 0
    while parts_from[first] > 1:
        in_reach = range(first + 1, ends[first] + 1)
        feasible = [end for end in in_reach if parts_from[end] < parts_from[first]]
        end = _best_end(pieces, first, parts_from[first], feasible)
        yield pieces[first:end]
        first = end
    if pieces:
        yield pieces[first:]


def _best_end(pieces: Sequence[_Piece], first: int, parts: int, feasible: Iterable[int]) -> int:
    """Choose where the first of several parts ends (exclusive): near its fair share, at a break of worth."""
    left = pieces[first].left
    share = (pieces[-1].right - left) / parts

    def cost(end: int) -> float:
        unevenness = abs(pieces[end - 1].right - left - share)
        return unevenness - share * _worth(pieces[end - 1], pieces[end])

    return min(feasible, key=cost)


def _worth(before: _Piece, after: _Piece) -> float:
    """How far off its share a break here may leave a part, as a portion of that share.

    The figures are a matter of taste, but none is above 1/2, so that no good break strands a short word.
    """
    if before.text[-1] in _NEVER_LAST or after.text[0] in _NEVER_FIRST:
        return -2.0
    within_word = before.right == after.left
    if within_word and before.text[-1].isascii():
        return -0.2  # The full stops of an address end no sentence.
    if ends_sentence(before.text) or after.start - before.end >= _PAUSE_SECONDS:
        return 0.5
    last = before.text.rstrip(_QUOTES)[-1:]
    if last in _CLAUSE_ENDS or last in _DASHES:
        return 0.3
    return -0.2 if within_word else 0.0


def _pieces(segment: Segment, max_columns: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    times = _character_times(segment)
    characters = columns = 0
    for token in segment.text.split():
        for text in _unbroken(token, max_columns):
            start, end = times[characters][0], times[characters + len(text) - 1][1]
            characters += len(text)
            pieces.append(_Piece(text, columns, columns + _columns(text), start, end))
            columns = pieces[-1].right
        columns += 1
    return pieces


def _unbroken(token: str, max_columns: int) -> Iterator[str]:
    """Keep a word whole if a line can hold it; else divide it, yet not the Latin words within wide script."""
    if _columns(token) <= max_columns:
        yield token
        return
    for wide, run in groupby(_graphemes(token), key=lambda grapheme: _columns(grapheme[0]) > 1):
        graphemes = list(run)
        whole = "".join(graphemes)
        if wide or _columns(whole) > max_columns:
            yield from graphemes
        else:
            yield whole


def _graphemes(text: str) -> list[str]:
    """Split into what a reader takes for characters; of Unicode's full rules, those that speech can meet."""
    graphemes: list[str] = []
    for character in text:
        extends = unicodedata.category(character) in _EXTENDING or character in _EXTENDING_LETTERS
        if graphemes and (extends or graphemes[-1].endswith(_ZERO_WIDTH_JOINER)):
            graphemes[-1] += character
        else:
            graphemes.append(character)
    return graphemes


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
        if unicodedata.category(character) not in _ZERO_WIDTH
    )


def _character_times(segment: Segment) -> list[tuple[float, float]]:
    """Start and end, in seconds, of every character that is no white space."""
    if segment.words is not None and _words_spell_text(segment):
        spans = [(len(_without_space(word.word)), word.start, word.end) for word in segment.words]
    else:
        spans = [(len(_without_space(segment.text)), segment.start, segment.end)]
    return [
        (start + (end - start) * index / count, start + (end - start) * (index + 1) / count)
        for count, start, end in spans
        for index in range(count)
    ]


def _words_spell_text(segment: Segment) -> bool:
    spelled = "".join(word.word for word in segment.words or ())
    return _without_space(spelled) == _without_space(segment.text)


def _words(segment: Segment) -> tuple[TranscriptWord, ...] | None:
    if segment.words is None:
        return None
    return tuple(
        TranscriptWord(word=word.word.strip(), start=word.start, end=word.end, probability=word.probability)
        for word in segment.words
    )


def _joined(pieces: Sequence[_Piece]) -> str:
    return pieces[0].text + "".join(
        " " * (after.left - before.right) + after.text for before, after in pairwise(pieces)
    )


def _speaker(words: Segment | Cue) -> str:
    """Return what a reader is told of whose words these are: the speaker, or else the channel, or nothing."""
    if words.speaker:
        return f"Speaker {words.speaker}"
    return f"Channel {words.channel}" if words.channel else ""


def _spoken_by(words: Segment | Cue) -> str:
    return f"{speaker}: " if (speaker := _speaker(words)) else ""


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _without_space(text: str) -> str:
    return "".join(text.split())


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _clock(milliseconds: int, decimal_mark: str) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{thousandths:03}"
