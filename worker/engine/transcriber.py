"""The `Transcriber` that ships with a model: streams a file through decoder, VAD and Whisper, for many jobs at once."""

import itertools
import math
import threading
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from core.options import TranscriptionOptions
from core.tracing import NO_TRACES, Tracer
from core.transcript import Segment, TranscriptInfo
from worker.decoder import Decoder
from worker.engine import batched, sequential
from worker.engine.batcher import Batcher
from worker.engine.chunking import MAX_SECONDS, Chunk, chunks
from worker.engine.features import FRAMES_PER_SECOND
from worker.engine.heard import Heard
from worker.engine.languages import NO_SPEECH, Language
from worker.engine.listening import Listener, Manner
from worker.engine.observer import UNOBSERVED, EngineObserver
from worker.engine.requests import Decode, Window
from worker.engine.stream import ClippedAudio
from worker.engine.whisper import Decoding, Placement, Whisper
from worker.transcriber import Checkpoint, Passage

_GPU_LINGER_SECONDS: Final = 0.005
"""What a request waits for others on a GPU, where a batch of one takes about as long as one of many."""
_CPU_BATCH_FRAMES: Final = 2000
"""Most frames of a batch on a CPU, where long windows gain nothing from company and take the most memory."""
_WARM_UP_FRAMES: Final = 400


class WhisperTranscriber:
    """Whisper behind the `Transcriber` protocol.

    Args:
        model_folder: A model in CTranslate2's format.
        placement: Where and how it computes.
        decoder: Opens the files.
        observer: Is told of batches, chunks and what the guard makes of them.
        tracer: Traces decoding, cutting and batches as parts of what is current when a job is transcribed.

    Raises:
        ConfigurationError: the arithmetic is not to be had here, or the folder holds no model.
    """

    def __init__(
        self,
        model_folder: Path,
        placement: Placement,
        decoder: Decoder,
        *,
        observer: EngineObserver = UNOBSERVED,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self._whisper = Whisper(model_folder, placement)
        self._decoder = decoder
        self._observer = observer
        self._tracer = tracer
        self._batcher = Batcher(
            replicas=placement.replicas,
            batch_size=placement.batch_size,
            batch_cost=math.inf if placement.device == "cuda" else _CPU_BATCH_FRAMES,
            linger_seconds=_GPU_LINGER_SECONDS if placement.device == "cuda" else 0.0,
            observe=observer.observe_batch,
            tracer=tracer,
        )
        # Enough for every replica to find a batch while another is computed; jobs share it, as each chunk takes memory.
        self._ahead = 2 * placement.replicas * placement.batch_size
        # Those that vote take more, as their encodings are kept until their texts are there: one batch a replica.
        self._ballot = threading.BoundedSemaphore(max(1, placement.replicas * placement.batch_size // batched.VOTERS))
        self._warm_up(placement.replicas)

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._whisper.device

    @property
    def compute_type(self) -> str:
        """The arithmetic it really uses, which may differ from the one asked for."""
        return self._whisper.compute_type

    def transcribe(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        """Yield the passages of a file.

        Behind a checkpoint, chunks are cut as they were before and those that have their text are passed over: what
        follows is what would have followed.

        Raises:
            TranscriptionFailure: what the decoder raises, or `clip_outside_audio`.
        """
        numbers = itertools.count(len(checkpoint.segments) + 1 if checkpoint else 1)
        language = self._known_language(options, checkpoint)
        done = checkpoint.end_seconds if checkpoint else options.clip_start_seconds
        with self._decoder.open(media, split_channels=options.channels == "split") as decoded:
            audio = ClippedAudio(
                decoded, start_seconds=options.clip_start_seconds, end_seconds=options.clip_end_seconds
            )
            transcribe = self._sequential if options.quality == "accurate" else self._batched
            is_exact = False
            for heard in transcribe(audio, options, language, checkpoint):
                language, done = heard.language, max(done, heard.end_seconds)
                segments = tuple(_finished(each, next(numbers), heard.channel, options) for each in heard.segments)
                is_exact = audio.has_ended
                yield _passage(language, audio, segments, done)
            if not is_exact:
                yield _passage(language or NO_SPEECH, audio, (), done)

    def _batched(
        self,
        audio: ClippedAudio,
        options: TranscriptionOptions,
        language: Language | None,
        checkpoint: Checkpoint | None,
    ) -> Iterator[Heard]:
        manner = Manner(
            decoding=Decoding(
                task=options.whisper_task,
                beam_size=options.beams,
                temperature=options.temperature,
                prompt=self._whisper.prompt(options.initial_prompt, options.hotwords),
            ),
            wants_words=options.word_timestamps,
            heeds_speech=options.vad_filter,
        )
        committed = _by_channel(checkpoint)
        new = (
            chunk
            for chunk in self._cut(audio, options, vad_filter=options.vad_filter, max_seconds=MAX_SECONDS)
            if _is_new(chunk, committed[chunk.channel])
        )
        with self._batcher.join() as party:
            yield from batched.transcribe(
                new,
                Listener(self._whisper, party, manner, observer=self._observer),
                language=language,
                multilingual=options.multilingual,
                ahead=lambda: max(1, self._ahead // self._batcher.parties),
                ballot=self._ballot,
            )

    def _sequential(
        self,
        audio: ClippedAudio,
        options: TranscriptionOptions,
        language: Language | None,
        checkpoint: Checkpoint | None,
    ) -> Iterator[Heard]:
        committed = _by_channel(checkpoint)
        # faster-whisper drops what is no speech by itself, and keeps the time right.
        blocks = self._cut(audio, options, vad_filter=False, max_seconds=sequential.BLOCK_SECONDS)
        new = (
            rest for block in blocks if (rest := block.part(_end_seconds(committed[block.channel]), block.end_seconds))
        )
        heard = sequential.transcribe(
            new, self._whisper, options, language=language, committed=committed, observer=self._observer
        )
        yield from self._tracer.steps("transcribe segment", heard)

    def _cut(
        self, audio: ClippedAudio, options: TranscriptionOptions, *, vad_filter: bool, max_seconds: float
    ) -> Iterator[Chunk]:
        """Yield the chunks of a clip, in the time of the whole audio."""
        found = chunks(self._tracer.steps("decode", audio), vad_filter=vad_filter, max_seconds=max_seconds)
        for chunk in self._tracer.steps("cut chunk", found):
            yield replace(chunk, start_seconds=chunk.start_seconds + options.clip_start_seconds)

    def _known_language(self, options: TranscriptionOptions, checkpoint: Checkpoint | None) -> Language | None:
        if not self._whisper.is_multilingual:
            return Language("en")
        if checkpoint:
            return Language(checkpoint.info.language, checkpoint.info.language_probability)
        return Language(options.language) if options.language else None

    def _warm_up(self, replicas: int) -> None:
        """Compute something on every replica, so that the first jobs do not pay for lazy initialization."""
        window = Window(np.zeros((len(self._whisper.mel_filters), _WARM_UP_FRAMES), dtype=np.float32))
        with self._batcher.join() as party:
            waiting = [
                # Of different kinds, or they would be one batch.
                party.submit(Decode(self._whisper, window, Decoding(max_tokens=1 + number), language=None))
                for number in range(replicas)
            ]
            for each in waiting:
                each.result()


def _by_channel(checkpoint: Checkpoint | None) -> defaultdict[int, list[Segment]]:
    """Return the committed segments of each channel, counted from 0."""
    found: defaultdict[int, list[Segment]] = defaultdict(list)
    for segment in checkpoint.segments if checkpoint else ():
        found[(segment.channel or 1) - 1].append(segment)
    return found


def _is_new(chunk: Chunk, committed: Sequence[Segment]) -> bool:
    """Tell whether a chunk comes behind the one that the last committed segment was heard in.

    That segment's end would not do: rounded, it may be behind the start of the next chunk.
    """
    return not committed or round(chunk.start_seconds * FRAMES_PER_SECOND) > committed[-1].seek


def _end_seconds(committed: Sequence[Segment]) -> float:
    return committed[-1].end if committed else 0.0


def _finished(segment: Segment, number: int, channel: int, options: TranscriptionOptions) -> Segment:
    """Return a segment with its number, its channel if they are apart, and its language if each has its own."""
    return segment.model_copy(
        update={
            "id": number,
            "channel": channel + 1 if options.channels == "split" else None,
            "language": segment.language if options.multilingual else None,
        }
    )


def _passage(language: Language, audio: ClippedAudio, segments: tuple[Segment, ...], done: float) -> Passage:
    info = TranscriptInfo(
        language=language.code,
        language_probability=language.probability,
        duration_seconds=audio.decoded_seconds if audio.length_seconds is None else audio.length_seconds,
    )
    return Passage(info, segments, end_seconds=done, audio_seconds=audio.length_seconds)
