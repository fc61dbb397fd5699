"""The engine with the real model: what it hears, alone and among others, and what it leaves behind."""

import io
import itertools
import os
import time
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo, Word
from tests.harness.decoders import decoders_of
from tests.harness.recorder import Recorder
from tests.harness.service import MODEL_CACHE, Service
from tests.media import Reference, clip, references, shared_speech, word_error_rate
from tests.speech import speech_and_missed
from worker.audio import SAMPLE_RATE
from worker.decoder import Decoder
from worker.engine.features import log_mel, padded_window
from worker.engine.languages import Language
from worker.engine.requests import Align, Decode, Decoded, Detect, Window
from worker.engine.transcriber import WhisperTranscriber
from worker.engine.whisper import Decoding, Placement, Whisper
from worker.transcriber import Checkpoint, Passage
from worker.weights import find_weights

CLIPS = {reference.id: reference for reference in references()}
RECORDINGS = {reference.id: reference for reference in shared_speech()}
"""Of people, in several languages; beside the repository where they are to be had."""
PLACEMENT = Placement.choose(device="cpu", compute_type=None, replicas=2, compute_threads=1, batch_size=0)
PATIENCE_SECONDS = 30.0

Samples = NDArray[np.float32]


@dataclass
class Engine:
    """A transcriber, and what it tells of itself."""

    transcriber: WhisperTranscriber
    recorder: Recorder

    def passages(self, media: Path, **options: object) -> list[Passage]:
        return self.following(media, None, **options)

    def following(self, media: Path, checkpoint: Checkpoint | None, **options: object) -> list[Passage]:
        asked = TranscriptionOptions.model_validate(options)
        return list(self.transcriber.transcribe(media, asked, checkpoint))

    def segments(self, media: Path, **options: object) -> list[Segment]:
        return segments_of(self.passages(media, **options))

    def text(self, media: Path, **options: object) -> str:
        return text_of(self.segments(media, **options))


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        return find_weights("base", MODEL_CACHE)
    except ConfigurationError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(max_audio_seconds=7200, timeout_seconds=120)


@pytest.fixture(scope="module")
def engine(weights: Path, decoder: Decoder) -> Engine:
    recorder = Recorder()
    return Engine(WhisperTranscriber(weights, PLACEMENT, decoder, observer=recorder), recorder)


@pytest.fixture(scope="module")
def whisper(weights: Path) -> Whisper:
    return Whisper(weights, PLACEMENT)


def segments_of(passages: Sequence[Passage]) -> list[Segment]:
    return [segment for passage in passages for segment in passage.segments]


def text_of(segments: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def words_of(segments: Sequence[Segment]) -> list[Word]:
    return [word for segment in segments for word in segment.words or ()]


# Audio


@cache
def samples_of(path: Path) -> Samples:
    return Decoder(max_audio_seconds=7200, timeout_seconds=60, warm=0).decode(path).samples


def spoken(name: str) -> Samples:
    return samples_of(clip(name))


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def stored(folder: Path, *channels: Samples) -> Path:
    """Write channels, the shorter ones filled with silence, as one WAV."""
    frames = max(len(channel) for channel in channels)
    whole = np.zeros((frames, len(channels)), dtype=np.float32)
    for number, channel in enumerate(channels):
        whole[: len(channel), number] = channel
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(len(channels))
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes((np.clip(whole, -1, 1) * 32_767).astype("<i2").tobytes())
    path = folder / f"media-{len(list(folder.iterdir()))}"
    path.write_bytes(file.getvalue())
    return path


# Neighbours


def cuts(number: int) -> list[tuple[Path, dict[str, object]]]:
    """Return clips cut in so many different ways, each about three seconds long."""
    starts = (0.0, 0.8, 1.2)
    ways = [(name, start) for start in starts for name in CLIPS][:number]
    return [(clip(name), {"clip_start_seconds": start, "clip_end_seconds": start + 3}) for name, start in ways]


@pytest.mark.parametrize("word_timestamps", [False, True], ids=["segments", "words"])
@pytest.mark.parametrize("quality", ["fast", "balanced", "accurate"])
def test_a_clip_gives_the_same_segments_alone_and_among_sixteen_others(
    engine: Engine, quality: str, word_timestamps: bool
) -> None:
    options: dict[str, object] = {"quality": quality, "word_timestamps": word_timestamps}
    watched = (clip("garden"), options)
    alone = engine.segments(watched[0], **options)
    # The accurate way shares no batch; then most others are of the batched one, which takes less time.
    others = [
        (path, cut | (options if quality != "accurate" or number < 2 else {"quality": "fast"}))
        for number, (path, cut) in enumerate(cuts(16))
    ]
    engine.recorder.batches.clear()
    with ThreadPoolExecutor(17) as threads:
        answers = list(threads.map(lambda job: engine.segments(job[0], **job[1]), [*others[:8], watched, *others[8:]]))
    assert answers[8] == alone
    assert word_error_rate([(CLIPS["garden"].text, text_of(alone))]) == 0
    assert all(answers)
    # They did meet.
    assert max(engine.recorder.batches) > 1


def test_what_the_model_says_of_a_window_does_not_depend_on_what_shares_its_batch(whisper: Whisper) -> None:
    # Given windows of one length with different speech in them
    names = ["station", "kitchen", "library", "snow"]
    windows = [
        Window(padded_window(log_mel(spoken(name)[: 5 * SAMPLE_RATE], whisper.mel_filters), 800)) for name in names
    ]

    def decoded(*batch: Window) -> list[Decoded]:
        requests = [Decode(whisper, window, Decoding(), None, keep_encoding=True) for window in batch]
        return requests[0].compute(requests)

    # When each is computed alone, and all together in both directions
    alone = [decoded(window)[0] for window in windows]
    together = decoded(*windows)
    backwards = decoded(*windows[::-1])[::-1]
    # Then it is the same to the last bit
    for one, among, other in zip(alone, together, backwards, strict=True):
        assert one.hypothesis == among.hypothesis == other.hypothesis
        assert one.language == among.language == other.language
        assert one.encoding is not None
        assert among.encoding is not None
        assert np.array_equal(one.encoding, among.encoding)
    assert len({one.hypothesis.tokens for one in alone}) == len(windows)
    detect = [Detect(whisper, window) for window in windows]
    assert [dict(each.probabilities) for each in detect[0].compute(detect)] == [
        dict(each.compute([each])[0].probabilities) for each in detect
    ]


def test_where_words_are_does_not_depend_on_what_shares_their_batch(whisper: Whisper) -> None:
    # Given texts of several lengths, two of each, over windows of one length
    windows = [
        Window(padded_window(log_mel(spoken(name)[: 6 * SAMPLE_RATE], whisper.mel_filters), 900)) for name in CLIPS
    ]
    english = Language("en")
    decode = [Decode(whisper, window, Decoding(beam_size=1), english) for window in windows]
    end_of_text = whisper.tokenizer("en").eot
    texts = [
        tuple(token for token in each.hypothesis.tokens if token < end_of_text) for each in decode[0].compute(decode)
    ]
    requests = [
        Align(whisper, window, tokens, "en", "transcribe", frames=600)
        for window, text in zip(windows, texts, strict=True)
        for tokens in (text, text[::-1])
    ]
    # When those that may share a batch do
    kinds = {request.key: [each for each in requests if each.key == request.key] for request in requests}
    assert min(map(len, kinds.values())) > 1
    # Then their words are where they are alone
    for batch in kinds.values():
        assert batch[0].compute(batch) == [each.compute([each])[0] for each in batch]


def test_an_encoding_that_was_kept_gives_what_the_audio_gives(whisper: Whisper) -> None:
    features = padded_window(log_mel(spoken("station"), whisper.mel_filters), 700)
    detect = Detect(whisper, Window(features))
    (detected,) = detect.compute([detect])
    english = Language("en")
    heard = []
    for window in (Window(features), Window(features, detected.encoding)):
        request = Decode(whisper, window, Decoding(), english)
        heard += [each.hypothesis for each in request.compute([request])]
    assert heard[0] == heard[1]
    assert max(detected.probabilities, key=detected.probabilities.__getitem__) == "en"


# What is no speech


def noises() -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield sounds of six seconds in which nobody speaks."""
    random = np.random.default_rng(1)
    at = np.arange(6 * SAMPLE_RATE, dtype=np.float64) / SAMPLE_RATE
    yield "digital silence", np.zeros_like(at)
    for level in (0.001, 0.01, 0.05, 0.2, 0.5):
        yield f"white noise at {level}", level * random.standard_normal(len(at))
    for name, slope, levels in (("pink", 0.5, (0.02, 0.2, 0.8)), ("brown", 1.0, (0.5,))):
        spectrum = np.fft.rfft(random.standard_normal(len(at)))
        noise = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** slope, len(at))
        for level in levels:
            yield f"{name} noise at {level}", level * noise / np.abs(noise).max()
    for hertz in (50, 220, 440, 1000, 4000):
        yield f"tone of {hertz} Hz", 0.4 * np.sin(2 * np.pi * hertz * at)
    for chord in ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (196.0, 246.9, 293.7, 349.2)):
        yield f"chord of {chord} Hz", np.mean([0.5 * np.sin(2 * np.pi * hertz * at) for hertz in chord], axis=0)
    yield "beeps", 0.4 * np.sin(2 * np.pi * 880 * at) * (at % 1 < 0.2)
    yield "a telephone", 0.2 * (np.sin(2 * np.pi * 440 * at) + np.sin(2 * np.pi * 480 * at)) * (at % 3 < 1)
    yield "clicks", 0.9 * (np.arange(len(at)) % 8000 == 0)
    yield "a sweep", 0.4 * np.sin(2 * np.pi * (100 + 325 * at) * at)
    yield "a square wave", 0.2 * np.sign(np.sin(2 * np.pi * 120 * at))
    yield "mains hum", np.mean([0.4 * np.sin(2 * np.pi * 50 * part * at) / part for part in (1, 2, 3, 5)], axis=0)


def test_what_is_no_speech_gives_no_text(engine: Engine, tmp_path: Path) -> None:
    heard = {}
    for name, sound in noises():
        passages = engine.passages(stored(tmp_path, sound.astype(np.float32)))
        heard[name] = text_of(segments_of(passages))
        assert passages[-1].info == TranscriptInfo(language="en", language_probability=0.0, duration_seconds=6.0)
    assert len(heard) > 20
    assert {name: text for name, text in heard.items() if text} == {}


def test_the_accurate_way_hears_nothing_in_silence(engine: Engine, tmp_path: Path) -> None:
    assert engine.segments(stored(tmp_path, silence(6)), quality="accurate") == []


def test_speech_in_a_long_silence_is_found_at_its_time_without_the_filter_too(engine: Engine, tmp_path: Path) -> None:
    # Given speech from 12 s on and from 42 s on
    pieces = [silence(12), spoken("garden"), silence(25.0), spoken("kitchen"), silence(8)]
    media = stored(tmp_path, np.concatenate(pieces))
    length = sum(map(len, pieces)) / SAMPLE_RATE
    second = length - 8 - CLIPS["kitchen"].duration_seconds
    for vad_filter in (True, False):
        segments = engine.segments(media, language="en", vad_filter=vad_filter, word_timestamps=True)
        words = words_of(segments)
        # Then words are where they were spoken; the first of each may be stretched into the silence.
        yellow = next(word for word in words if word.word.strip() == "yellow")
        kettle = next(word for word in words if word.word.strip() == "kettle")
        assert 12 < yellow.start < yellow.end < 12 + CLIPS["garden"].duration_seconds
        assert second < kettle.start < kettle.end < length - 8
        times = [(each.start, each.end) for each in segments] + [(each.start, each.end) for each in words]
        assert all(0 <= start <= end <= length for start, end in times)
        starts = [segment.start for segment in segments]
        assert starts == sorted(starts)
        if vad_filter:
            assert word_error_rate([(f"{CLIPS['garden'].text} {CLIPS['kitchen'].text}", text_of(segments))]) == 0


# Channels


@pytest.mark.parametrize("quality", ["balanced", "accurate"])
def test_channels_that_are_split_have_their_own_words(engine: Engine, tmp_path: Path, quality: str) -> None:
    media = stored(tmp_path, spoken("garden"), spoken("kitchen"))
    segments = engine.segments(media, channels="split", quality=quality, word_timestamps=True)
    for channel, name in enumerate(("garden", "kitchen"), start=1):
        its = [segment for segment in segments if segment.channel == channel]
        assert word_error_rate([(CLIPS[name].text, text_of(its))]) <= 5
        assert "".join(word.word for word in words_of(its)) == text_of(its)
    assert {segment.channel for segment in segments} == {1, 2}
    assert [segment.id for segment in segments] == list(range(1, len(segments) + 1))


def test_channels_that_are_split_go_on_behind_any_passage(engine: Engine, tmp_path: Path) -> None:
    # Given two channels that speak by turns and at once
    first = np.concatenate([spoken("station"), silence(4), spoken("garden"), silence(3), spoken("station")])
    second = np.concatenate([silence(3), spoken("kitchen"), silence(2.5), spoken("lighthouse")])
    media = stored(tmp_path, first, second)
    options: dict[str, object] = {"channels": "split", "quality": "fast"}
    passages = engine.passages(media, **options)
    assert sum(bool(passage.segments) for passage in passages) == 5
    for done in range(1, len(passages) + 1):
        committed = segments_of(passages[:done])
        rest = engine.following(media, Checkpoint(passages[done - 1].info, committed), **options)
        # Then no channel says anything twice, or leaves anything out
        assert segments_of(rest) == segments_of(passages[done:])


def test_a_segment_that_ends_with_its_chunk_does_not_swallow_the_next_chunk(engine: Engine, tmp_path: Path) -> None:
    # Given a clip whose start is no whole millisecond, so that rounded times are later than real ones
    start = 2 / 3
    media = stored(tmp_path, np.concatenate([spoken(name) for name in ("snow", "library", "garden", "station")]))
    options: dict[str, object] = {
        "quality": "fast",
        "language": "en",
        "vad_filter": False,
        "clip_start_seconds": start,
    }
    passages = engine.passages(media, **options)
    before, *behind = (passage for passage in passages if passage.segments)
    # And that the last segment's text had no end, so that it ends with its chunk: where the next one begins
    frames = round((behind[0].segments[0].seek / 100 - start) / 0.032)
    end = round(start + 0.032 * frames, 3)
    assert end > start + 0.032 * frames
    committed = [*before.segments[:-1], before.segments[-1].model_copy(update={"end": end})]
    rest = engine.following(media, Checkpoint(before.info, committed), **options)
    assert segments_of(rest) == segments_of(behind)


@pytest.mark.parametrize("channels", ["mix", "split"])
def test_a_file_of_one_channel_has_no_other(engine: Engine, channels: str) -> None:
    segments = engine.segments(clip("garden"), channels=channels, quality="fast")
    assert {segment.channel for segment in segments} == {1 if channels == "split" else None}
    assert word_error_rate([(CLIPS["garden"].text, text_of(segments))]) == 0


# Languages


def with_pauses(*paths: Path, seconds: float = 2.5) -> Samples:
    return np.concatenate([piece for path in paths for piece in (samples_of(path), silence(seconds))])


def test_several_windows_are_asked_for_the_language(engine: Engine, tmp_path: Path) -> None:
    media = stored(tmp_path, with_pauses(*map(clip, CLIPS)))
    passages = engine.passages(media, quality="fast")
    infos = [passage.info for passage in passages]
    assert {info.language for info in infos} == {"en"}
    # All are told the same from the first passage on.
    assert len({info.language_probability for info in infos}) == 1
    assert 0.9 < infos[0].language_probability < 1


def test_a_language_that_was_given_is_certain(engine: Engine) -> None:
    (info, *_) = (passage.info for passage in engine.passages(clip("station"), quality="fast", language="en"))
    assert (info.language, info.language_probability) == ("en", 1.0)


def test_each_segment_has_its_language_only_where_several_may_be_spoken(engine: Engine) -> None:
    one = engine.segments(clip("station"), quality="fast")
    each = engine.segments(clip("station"), quality="fast", multilingual=True)
    given = engine.segments(clip("station"), quality="fast", multilingual=True, language="de")
    assert {segment.language for segment in one} == {None}
    assert {segment.language for segment in each} == {"en"}
    assert given == each
    assert text_of(each) == text_of(one)


@pytest.mark.parametrize("language", sorted({each.language for each in RECORDINGS.values()} - {"en"}))
def test_a_recording_of_two_languages_has_the_words_of_both(engine: Engine, tmp_path: Path, language: str) -> None:
    foreign = next(each for each in RECORDINGS.values() if each.language == language)
    media = stored(tmp_path, with_pauses(clip("garden"), foreign.path))
    segments = engine.segments(media, multilingual=True)
    assert [code for code, _ in itertools.groupby(segment.language for segment in segments)] == ["en", language]
    english, other = (
        text_of([segment for segment in segments if segment.language == code]) for code in ("en", language)
    )
    assert word_error_rate([(CLIPS["garden"].text, english)]) == 0
    # As a whole, letter by letter: the model is weak in most languages, and where a chunk begins decides what it hears.
    assert SequenceMatcher(None, other, engine.text(foreign.path, language=language)).ratio() > 0.7


@pytest.mark.parametrize(
    "reference", [each for each in RECORDINGS.values() if each.language == "de"], ids=lambda each: each.id
)
def test_the_language_of_a_long_recording_is_detected(engine: Engine, tmp_path: Path, reference: Reference) -> None:
    # Given a recording that begins with an English sentence and is German for the rest
    media = stored(tmp_path, with_pauses(clip("station"), *[reference.path] * 4))
    passages = engine.passages(media, quality="fast")
    assert passages[0].info.language == "de"


# Prompts


@pytest.mark.parametrize("quality", ["fast", "balanced", "accurate"])
@pytest.mark.parametrize("option", ["initial_prompt", "hotwords"])
def test_a_hint_decides_how_a_word_is_spelled(engine: Engine, option: str, quality: str) -> None:
    hinted = engine.text(
        clip("kitchen"), language="en", quality=quality, **{option: "The kichen and the kettel."}
    ).split()
    assert "kichen" in hinted
    assert "kettel" in hinted


def test_without_a_hint_words_are_spelled_as_usual(engine: Engine) -> None:
    words = engine.text(clip("kitchen"), language="en").split()
    assert "kitchen" in words
    assert "kettle" in words


# Words


@pytest.mark.parametrize("name", ["kitchen", "snow"])
def test_words_are_those_of_the_text_at_the_times_that_faster_whisper_gives(
    engine: Engine, whisper: Whisper, name: str
) -> None:
    segments = engine.segments(clip(name), language="en", word_timestamps=True)
    for segment in segments:
        assert segment.words
        assert "".join(word.word for word in segment.words) == segment.text
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert all(0 < word.probability <= 1 for word in segment.words)
    ours = words_of(segments)
    times = [time for word in ours for time in (word.start, word.end)]
    assert times == sorted(times)
    found, _ = whisper.faster_whisper.transcribe(str(clip(name)), language="en", word_timestamps=True)
    theirs = [word for segment in found for word in segment.words]
    assert word_error_rate([("".join(word.word for word in theirs), text_of(segments))]) == 0
    apart = [
        abs(mine - other)
        for word, its in zip(ours, theirs, strict=True)
        for mine, other in ((word.start, its.start), (word.end, its.end))
    ]
    assert sum(seconds <= 0.1 for seconds in apart) >= 0.9 * len(apart)
    assert max(apart) <= 0.6


def test_words_behind_a_pause_are_in_the_time_of_the_whole(engine: Engine, tmp_path: Path) -> None:
    alone = words_of(engine.segments(clip("garden"), language="en", quality="fast", word_timestamps=True))
    media = stored(tmp_path, np.concatenate([spoken("station"), silence(10), spoken("garden")]))
    later = (len(spoken("station")) / SAMPLE_RATE) + 10
    words = words_of(engine.segments(media, language="en", quality="fast", word_timestamps=True))[-len(alone) :]
    # A chunk begins a little before its speech, and where that is the model's steps of 20 ms fall otherwise: enough for
    # a comma on one processor that isn't there on another.
    assert [word.word.strip(" ,.") for word in words] == [word.word.strip(" ,.") for word in alone]
    assert [word.end - later for word in words] == pytest.approx([word.end for word in alone], abs=0.3)


# What it tells of itself


@pytest.mark.parametrize("quality", ["fast", "accurate"])
def test_the_text_of_speech_covers_it(engine: Engine, quality: str) -> None:
    engine.recorder.clear()
    segments = engine.segments(clip("library"), quality=quality)
    assert all(figures.speech_coverage is not None for figures in engine.recorder.figures)
    assert min(figures.speech_coverage or 0 for figures in engine.recorder.figures) > 0.9
    assert not any(figures.has_text_on_silence for figures in engine.recorder.figures)
    mean = sum(figures.avg_logprob or 0 for figures in engine.recorder.figures) / len(engine.recorder.figures)
    assert min(each.avg_logprob for each in segments) <= mean <= max(each.avg_logprob for each in segments)
    assert -1 < mean < 0


def test_what_is_heard_again_is_told(engine: Engine, tmp_path: Path) -> None:
    engine.recorder.clear()
    # Speech backwards, of which the model makes words that it hardly believes.
    engine.segments(stored(tmp_path, spoken("library")[::-1].copy()), quality="fast", language="en")
    assert engine.recorder.faults
    assert engine.recorder.fallbacks[0] == "padded"
    assert len(engine.recorder.fallbacks) <= len(engine.recorder.faults)
    assert len(engine.recorder.figures) <= len(engine.recorder.faults)


# Leaving


def test_a_job_that_is_closed_between_two_passages_leaves_no_work_behind(engine: Engine, tmp_path: Path) -> None:
    # Given a job of many chunks, most of them asked for and not yet heard
    media = stored(tmp_path, with_pauses(*[clip(name) for _ in range(5) for name in CLIPS]))
    passages = engine.transcriber.transcribe(media, TranscriptionOptions(quality="fast", language="en"))
    assert next(passages).segments
    assert decoders_of(os.getpid()) != []
    # When it is closed
    passages.close()
    engine.recorder.batches.clear()
    # Then its decoder is gone
    until = time.monotonic() + PATIENCE_SECONDS
    while decoders_of(os.getpid()):
        assert time.monotonic() < until
        time.sleep(0.01)
    # And the next job waits for nothing but the batches that were being computed
    assert engine.text(clip("station"), quality="fast", language="en")
    assert len(engine.recorder.batches) <= PLACEMENT.replicas + 1


def test_a_job_that_fails_leaves_no_decoder_behind(engine: Engine, tmp_path: Path) -> None:
    media = tmp_path / "cut"
    media.write_bytes(clip("snow").read_bytes()[:100_000])
    with pytest.raises(Exception, match="cut short"):
        engine.passages(media, quality="fast")
    assert decoders_of(os.getpid()) == []


# Long audio


def test_minutes_of_speech_lose_and_repeat_nothing(engine: Engine, tmp_path: Path) -> None:
    # Given clips in several orders with pauses short and long
    random = np.random.default_rng(2)
    order = [name for _ in range(3) for name in random.permutation(list(CLIPS))]
    pauses = random.choice([0.3, 0.6, 1.0, 1.9, 2.5, 6.0], len(order))
    pieces = [piece for name, pause in zip(order, pauses, strict=True) for piece in (spoken(name), silence(pause))]
    samples = np.concatenate(pieces)
    assert len(samples) / SAMPLE_RATE > 150
    # When they are transcribed as one
    passages = engine.passages(stored(tmp_path, samples), language="en", quality="fast")
    segments = segments_of(passages)
    # Then the words are those of the clips alone
    expected = " ".join(CLIPS[name].text for name in order)
    assert word_error_rate([(expected, text_of(segments))]) <= 2
    # And times go on and on, within the audio
    for before, after in itertools.pairwise(segments):
        assert before.start < before.end <= after.start + 0.001
    assert segments[-1].end <= len(samples) / SAMPLE_RATE + 0.001
    done = [passage.end_seconds for passage in passages]
    assert done == sorted(done)
    # And no speech that a detector finds in the whole is without text
    spoken_seconds, missed = speech_and_missed(samples, [(segment.start, segment.end) for segment in segments])
    assert spoken_seconds > 100
    assert missed == []


# Over HTTP


@pytest.mark.parametrize("quality", ["fast", "balanced", "accurate"])
def test_every_quality_gives_the_right_text_over_http(service: Service, quality: str) -> None:
    transcript = service.transcribed(CLIPS["library"].path, quality=quality, word_timestamps="true")
    assert word_error_rate([(CLIPS["library"].text, transcript["text"])]) <= 5
    assert " ".join(segment["text"] for segment in transcript["segments"]) == transcript["text"]
    assert [segment["id"] for segment in transcript["segments"]] == list(range(1, len(transcript["segments"]) + 1))
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    assert " ".join(word["word"] for word in words) == transcript["text"]
    assert transcript["language"] == "en"
    assert transcript["segments"][-1]["end"] == pytest.approx(CLIPS["library"].duration_seconds, abs=1.0)


def test_two_channels_come_apart_over_http(service: Service, tmp_path: Path) -> None:
    media = stored(tmp_path, spoken("station"), np.concatenate([silence(5), spoken("garden")]))
    job_id = service.submit(media, channels="split", quality="fast")
    assert service.finished(job_id)["status"] == "completed"
    document = service.client.get(f"/result/{job_id}").json()
    assert [segment["channel"] for segment in document["segments"]] == [1, 2]
    lines = service.client.get(f"/result/{job_id}", params={"format": "text"}).text.splitlines()
    for line, channel, name in zip(lines, ("Channel 1: ", "Channel 2: "), ("station", "garden"), strict=True):
        assert line.startswith(channel)
        assert word_error_rate([(CLIPS[name].text, line.removeprefix(channel))]) == 0
