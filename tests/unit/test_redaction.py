"""Nothing personal leaves the redacting transcriber, wherever it is cut; the rest stays as it was."""

import itertools
import re
import sys
from collections.abc import Collection, Generator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FailureCode, TranscriptionFailure
from core.options import TranscriptionOptions
from core.pii import PATTERN_KINDS, PiiKind
from core.transcript import Segment, TranscriptInfo, Word
from worker.redaction.finder import Found, PiiFinder, merged
from worker.redaction.placeholders import redacted_segments
from worker.redaction.transcriber import RedactingTranscriber
from worker.transcriber import Checkpoint, Passage

INFO = TranscriptInfo(language="en", language_probability=1.0, duration_seconds=60.0)
MEDIA = Path("media")
OPTIONS = TranscriptionOptions(redact=(PiiKind.EMAIL, PiiKind.PHONE))
FINDER = PiiFinder(name_model=None, phone_regions=("US",))
SECRET = re.compile(r"john|smith|example|212|555|0123", re.IGNORECASE)
SPEECH = (
    " Good morning. You can write to john dot smith at example dot com and I shall answer. Or call me, my number is "
    "212 555 0123, after nine. In 1999 nobody did."
)
REDACTED = (
    " Good morning. You can write to [EMAIL] and I shall answer. Or call me, my number is [PHONE], after nine. "
    "In 1999 nobody did."
)


def segment(number: int, text: str, *, channel: int | None = None, with_words: bool = False) -> Segment:
    pieces = re.findall(r"\s*\S+", text)
    return Segment(
        id=number,
        seek=100 * number,
        start=float(number),
        end=number + 1.0,
        text=text,
        tokens=tuple(range(len(text))),
        temperature=0.0,
        avg_logprob=-0.1,
        compression_ratio=1.0,
        no_speech_prob=0.0,
        channel=channel,
        words=tuple(
            Word(
                word=piece,
                start=number + index / len(pieces),
                end=number + (index + 1) / len(pieces),
                probability=0.5 + index / 100,
            )
            for index, piece in enumerate(pieces)
        )
        if with_words
        else None,
    )


class Speaks:
    """A transcriber of given passages, which goes on behind the last committed segment."""

    device = "none"
    compute_type = "none"

    def __init__(self, passages: Sequence[Sequence[Segment]]) -> None:
        self._passages = passages
        self.is_closed = False

    def transcribe(
        self, _media: Path, _options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        done = checkpoint.segments[-1].id if checkpoint else 0
        try:
            for segments in self._passages:
                if not segments or segments[0].id > done:
                    yield Passage(INFO, tuple(segments), segments[-1].end if segments else 0.0, 60.0)
            yield Passage(INFO, (), 60.0, 60.0)
        finally:
            self.is_closed = True


def redacted(
    passages: Sequence[Sequence[Segment]], options: TranscriptionOptions = OPTIONS, checkpoint: Checkpoint | None = None
) -> list[Passage]:
    return list(RedactingTranscriber(Speaks(passages), FINDER).transcribe(MEDIA, options, checkpoint))


def segments_of(passages: Sequence[Passage]) -> list[Segment]:
    return [segment for passage in passages for segment in passage.segments]


def text_of(passages: Sequence[Passage]) -> str:
    return "".join(segment.text for segment in segments_of(passages))


def cut(text: str, at: Collection[int]) -> list[str]:
    """Cut a text before spaces, as segments are cut."""
    spaces = [match.start() for match in re.finditer(" ", text)][1:]
    edges = [0, *sorted({spaces[place % len(spaces)] for place in at}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@settings(deadline=None)
@given(st.sets(st.integers(0, 40), max_size=6), st.integers(1, 3), st.booleans())
def test_wherever_segments_and_passages_are_cut_nothing_personal_is_left(
    at: set[int], size: int, with_words: bool
) -> None:
    cuts = [segment(number, text, with_words=with_words) for number, text in enumerate(cut(SPEECH, at), start=1)]
    passages = redacted([cuts[first : first + size] for first in range(0, len(cuts), size)])
    segments = segments_of(passages)
    # Said in each segment that it touches; read as one text, once.
    assert re.sub(r"(\[\w+\])( \1)+", r"\1", text_of(passages)) == REDACTED
    assert not SECRET.search("".join(word.word for each in segments for word in each.words or ()))
    assert [each.id for each in segments] == list(range(1, len(cuts) + 1))
    assert passages[-1].info.redacted == {PiiKind.EMAIL: 1, PiiKind.PHONE: 1}
    for before, after in zip(cuts, segments, strict=True):
        if before.text == after.text:
            assert after == before
        else:
            assert after.tokens == ()
            if after.words is not None:
                assert "".join(word.word for word in after.words) == after.text
                assert after.words[0].start == before.start
                assert after.words[-1].end == pytest.approx(before.end)


@settings(deadline=None)
@given(st.sets(st.integers(0, 40), min_size=2, max_size=8), st.data())
def test_an_attempt_that_goes_on_anywhere_leaves_nothing_either(at: set[int], data: st.DataObject) -> None:
    cuts = [segment(number, text) for number, text in enumerate(cut(SPEECH, at), start=1)]
    whole = redacted([[each] for each in cuts])
    broken_off = data.draw(st.integers(1, len(whole)))
    committed = segments_of(whole[:broken_off])
    checkpoint = Checkpoint(whole[broken_off - 1].info, committed) if committed else None
    rest = redacted([[each] for each in cuts], checkpoint=checkpoint)
    assert [*committed, *segments_of(rest)] == segments_of(whole)
    assert rest[-1].info.redacted == {PiiKind.EMAIL: 1, PiiKind.PHONE: 1}


LONG = 3 * " And this goes on, as people do, about nothing much."


def test_a_passage_is_held_until_enough_follows_and_progress_is_what_is_released() -> None:
    passages = redacted([[], [segment(1, LONG)], [segment(2, " Two.")], [segment(3, LONG)], []])
    assert [[each.id for each in passage.segments] for passage in passages] == [[], [], [], [1, 2], [], [], [3]]
    assert [passage.end_seconds for passage in passages] == [0.0, 0.0, 0.0, 3.0, 3.0, 3.0, 60.0]


def test_channels_are_read_apart_and_neither_waits_long_for_a_silent_one() -> None:
    left = [segment(1, " Write to john at", channel=1), segment(3, " example dot com.", channel=1)]
    right = [segment(number, LONG, channel=2) for number in (2, *range(4, 100))]
    passages = redacted([[each] for each in sorted([*left, *right], key=lambda each: each.id)])
    segments = segments_of(passages)
    assert [each.id for each in segments] == list(range(1, 100))
    assert [each.text for each in segments if each.channel == 1] == [" Write to [EMAIL]", " [EMAIL]."]
    assert passages[-1].info.redacted == {PiiKind.EMAIL: 1, PiiKind.PHONE: 0}
    # A passage a second here: what is said after a minute no longer waits for the other channel.
    released = list(itertools.accumulate(len(passage.segments) for passage in passages))
    assert max(fed - so_far for fed, so_far in enumerate(released[:99], start=1)) <= 62


def test_a_job_that_asks_for_nothing_is_passed_on_and_loads_nothing() -> None:
    class Fails:
        kinds = ()

        def find(self, text: str, kinds: Collection[PiiKind], *, language: str) -> list[Found]:
            raise AssertionError((text, kinds, language))

    cuts = [segment(1, SPEECH)]
    passages = list(RedactingTranscriber(Speaks([cuts]), Fails()).transcribe(MEDIA, TranscriptionOptions()))
    assert segments_of(passages) == cuts
    assert passages[-1].info == INFO


def test_whoever_stops_early_stops_the_inner_transcriber() -> None:
    inner = Speaks([[segment(1, " One.")], [segment(2, " Two.")]])
    passages = RedactingTranscriber(inner, FINDER).transcribe(MEDIA, OPTIONS)
    next(passages)
    passages.close()
    assert inner.is_closed


def test_punctuation_and_neighbours_of_a_word_stay() -> None:
    (after,) = redacted_segments(
        [segment(1, " To john@example.com, a@b.org; and me.", with_words=True)],
        [Found(PiiKind.EMAIL, 4, 20), Found(PiiKind.EMAIL, 22, 29)],
    )
    assert after.text == " To [EMAIL], [EMAIL]; and me."
    assert [word.word for word in after.words or ()] == [" To", " [EMAIL],", " [EMAIL];", " and", " me."]


def test_words_that_do_not_spell_the_text_are_all_dropped() -> None:
    before = segment(1, " Call 212 555 0123.", with_words=True).model_copy(update={"text": " Call 2125550123!"})
    (after,) = redacted_segments([before], [Found(PiiKind.PHONE, 6, 16)])
    assert (after.text, after.words) == (" Call [PHONE]!", ())


def test_finds_that_overlap_are_one_and_nothing_of_either_is_left() -> None:
    overlapping = [Found(PiiKind.PHONE, 0, 10), Found(PiiKind.CARD, 5, 24), Found(PiiKind.URL, 30, 31)]
    assert merged(overlapping) == [Found(PiiKind.CARD, 0, 24), Found(PiiKind.URL, 30, 31)]


def test_a_pattern_that_takes_too_long_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    FINDER.find("", [PiiKind.EMAIL], language="en")
    monkeypatch.setattr("presidio_analyzer.pattern_recognizer.REGEX_TIMEOUT_SECONDS", 1e-9)
    with pytest.raises(TranscriptionFailure) as failed:
        FINDER.find("a" * 10_000 + "@example.com", [PiiKind.EMAIL], language="en")
    assert failed.value.failure is FailureCode.REDACTION_UNAVAILABLE
    assert "example" not in str(failed.value)


@pytest.mark.parametrize(
    "repeated",
    ["j o h n ", "dot ", "a.b.", "a-", "a_", "1 ", "1-1, ", "1.", "a at b.", "one ", "to a at ", "www.", "a@b "],
)
def test_no_text_takes_long(repeated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten times a passage; with a pattern whose time grows with a power it would be minutes."""
    FINDER.find("", PATTERN_KINDS, language="en")
    monkeypatch.setattr("presidio_analyzer.pattern_recognizer.REGEX_TIMEOUT_SECONDS", 5)
    FINDER.find(repeated * (6000 // len(repeated)), PATTERN_KINDS, language="en")


def test_a_worker_without_presidio_offers_nothing_and_redacts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    finder = PiiFinder(name_model=None, phone_regions=("US",))
    assert finder.kinds == ()
    with pytest.raises(TranscriptionFailure) as failed:
        list(RedactingTranscriber(Speaks([[segment(1, SPEECH)]]), finder).transcribe(MEDIA, OPTIONS))
    assert failed.value.failure is FailureCode.REDACTION_UNAVAILABLE


def test_a_worker_that_can_not_look_for_a_kind_fails_the_job() -> None:
    with pytest.raises(TranscriptionFailure) as failed:
        FINDER.find("Call John.", [PiiKind.NAME], language="en")
    assert failed.value.failure is FailureCode.REDACTION_UNAVAILABLE
