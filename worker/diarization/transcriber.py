"""A transcriber whose segments say who speaks, around any other.

Who speaks when is found before the first word is transcribed: every segment is committed with a speaker that is final,
as it comes (docs/decisions/0038).
"""

import itertools
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.errors import FailureCode, TranscriptionFailure
from core.options import TranscriptionOptions
from core.transcript import Segment
from worker.decoder import DecodedAudio, Decoder
from worker.diarization.clustering import MOST_SPEAKERS
from worker.diarization.segments import parted
from worker.diarization.timeline import Diarizer, Timeline
from worker.engine.stream import ClippedAudio
from worker.transcriber import NOTHING_KNOWN, AroundTranscriber, Checkpoint, Passage, Transcriber

_STEREO: Final = 2


class DiarizingTranscriber(AroundTranscriber):
    """Tells speakers apart in what another transcriber yields, for jobs that ask for it; others are not touched.

    Args:
        inner: Transcribes.
        decoder: Opens the files once more, to listen to who speaks.
        diarizer: Tells voices apart; None: speakers have a channel each, or the job fails.
    """

    def __init__(self, inner: Transcriber, decoder: Decoder, diarizer: Diarizer | None) -> None:
        super().__init__(inner)
        self._decoder = decoder
        self._diarizer = diarizer

    def transcribe(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        """Yield the passages of a file; while it is listened to, passages that say nothing.

        Raises:
            TranscriptionFailure: what the inner one raises, what the decoder raises, or `diarization_unavailable`.
        """
        if not options.diarize:
            with closing(self._inner.transcribe(media, options, checkpoint)) as passages:
                yield from passages
            return
        timeline = None
        if not _has_channels(options, checkpoint):
            timeline = yield from self._listen(media, options, checkpoint)
        speakers = _Speakers(timeline, checkpoint)
        inner = options.model_copy(update={"word_timestamps": True} if timeline else {"channels": "split"})
        with closing(self._inner.transcribe(media, inner, checkpoint)) as passages:
            for passage in passages:
                segments = speakers.named(passage.segments)
                if not options.word_timestamps:
                    segments = [segment.model_copy(update={"words": None}) for segment in segments]
                yield replace(passage, segments=tuple(segments))

    def _listen(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None
    ) -> Generator[Passage, None, Timeline | None]:
        """Yield while listening, and return who speaks when; None if the channels are speakers."""
        done = checkpoint.end_seconds if checkpoint else options.clip_start_seconds
        nothing = Passage(checkpoint.info if checkpoint else NOTHING_KNOWN, (), end_seconds=done, audio_seconds=None)
        with self._decoder.open(media, split_channels=True) as decoded:
            if decoded.channels == 1:
                return (yield from self._turns(decoded, options, nothing))
            if decoded.channels == _STEREO and checkpoint is None and _may_be_two(options):
                # What hears speech is slow to import.
                from worker.diarization.channels import ChannelWatch

                watch = ChannelWatch()
                for window in _clipped(decoded, options):
                    watch.push(window)
                    yield nothing
                if watch.are_apart:
                    return None
        with self._decoder.open(media) as decoded:
            return (yield from self._turns(decoded, options, nothing))

    def _turns(
        self, decoded: DecodedAudio, options: TranscriptionOptions, nothing: Passage
    ) -> Generator[Passage, None, Timeline]:
        if self._diarizer is None:
            raise TranscriptionFailure(
                FailureCode.DIARIZATION_UNAVAILABLE, "This worker has no model of voices (DIARIZATION_MODEL)."
            )
        audio = _clipped(decoded, options)
        at_least = options.min_speakers or 1
        at_most = options.max_speakers or max(MOST_SPEAKERS, at_least)
        listening = self._diarizer.timeline(audio, at_least=at_least, at_most=at_most)
        while True:
            try:
                next(listening)
            except StopIteration as end:
                timeline: Timeline = end.value
                return timeline.later_by(options.clip_start_seconds)
            yield nothing


def _has_channels(options: TranscriptionOptions, checkpoint: Checkpoint | None) -> bool:
    """Tell whether speakers have channels by what was asked for, or by what an earlier attempt has found."""
    return options.channels == "split" or (checkpoint is not None and checkpoint.segments[0].channel is not None)


def _may_be_two(options: TranscriptionOptions) -> bool:
    return (options.min_speakers or 1) <= _STEREO <= (options.max_speakers or _STEREO)


def _clipped(decoded: DecodedAudio, options: TranscriptionOptions) -> ClippedAudio:
    return ClippedAudio(decoded, start_seconds=options.clip_start_seconds, end_seconds=options.clip_end_seconds)


class _Speakers:
    """Numbers voices, or channels, in the order in which they say something.

    Args:
        timeline: Whose voice is heard when; None: a channel is a speaker.
        checkpoint: Its speakers keep their numbers.
    """

    def __init__(self, timeline: Timeline | None, checkpoint: Checkpoint | None) -> None:
        self._timeline = timeline
        committed = checkpoint.segments if checkpoint else ()
        self._ids = itertools.count(len(committed) + 1)
        self._numbers = self._known(committed)

    def named(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return segments of one speaker each, numbered anew."""
        return [
            part.model_copy(update={"id": next(self._ids), "speaker": self._number(voice)})
            for segment in segments
            for part, voice in self._parted(segment)
        ]

    def _parted(self, segment: Segment) -> list[tuple[Segment, int | None]]:
        return parted(segment, self._timeline) if self._timeline else [(segment, segment.channel)]

    def _number(self, voice: int | None) -> int | None:
        if voice is None:
            return None
        return self._numbers.setdefault(voice, max(self._numbers.values(), default=0) + 1)

    def _known(self, committed: Sequence[Segment]) -> dict[int, int]:
        """Return the number of each voice that has one: that of the committed segments it speaks most of.

        The same audio has the same voices, unless another version or model has listened to it before.
        """
        seconds: defaultdict[tuple[int, int], float] = defaultdict(float)
        for segment in committed:
            voice = self._timeline.voice(segment.start, segment.end) if self._timeline else segment.channel
            if voice is not None and segment.speaker is not None:
                seconds[voice, segment.speaker] += segment.end - segment.start
        numbers: dict[int, int] = {}
        for voice, number in sorted(seconds, key=seconds.__getitem__, reverse=True):
            if number not in numbers.values():
                numbers.setdefault(voice, number)
        return numbers
