"""The golden set: what is one, how it is scored, and what is told of its runs."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from core.errors import ConfigurationError
from core.golden import ErrorRates, GoldenRun
from worker.golden.metrics import GoldenMetrics
from worker.golden.references import SHIPPED, GoldenSet
from worker.golden.scoring import Errors, character_errors, word_errors

LINE = {"id": "a", "file": "a.wav", "language": "en", "text": "The lamp was lit."}


def write_set(folder: Path, *lines: object) -> Path:
    (folder / "a.wav").write_bytes(b"audio")
    (folder / "references.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return folder


def run(wer: float, *, model: str = "base", set_digest: str = "1") -> GoldenRun:
    return GoldenRun(
        set_digest=set_digest,
        model=model,
        version="0.1.0",
        started_at=datetime(2026, 11, 21, tzinfo=UTC),
        seconds=30,
        languages={"de": ErrorRates(wer=wer, cer=wer / 2, words=100, references=5)},
    )


def test_the_set_that_ships_has_several_languages_and_is_small() -> None:
    shipped = GoldenSet.read(SHIPPED)
    assert len({reference.language for reference in shipped.references}) >= 5
    assert sum(len(shipped.audio(reference)) for reference in shipped.references) < 500_000
    recordings = {path.name for path in SHIPPED.iterdir()} - {"references.jsonl", "README.md"}
    assert recordings == {reference.file for reference in shipped.references}
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert [reference.id for reference in shipped.references if reference.text not in readme] == []


def test_a_set_with_another_word_or_another_sound_is_another_set(tmp_path: Path) -> None:
    digests = [GoldenSet.read(write_set(tmp_path, LINE)).digest for _ in range(2)]
    digests.append(GoldenSet.read(write_set(tmp_path, LINE | {"text": "Another."})).digest)
    (write_set(tmp_path, LINE) / "a.wav").write_bytes(b"other audio")
    digests.append(GoldenSet.read(tmp_path).digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "holds no reference"),
        ((LINE, LINE), "twice"),
        ((LINE, LINE | {"id": "b", "language": "tlh"}), "line 2"),
        ((LINE | {"text": "?"},), "text"),
        ((LINE | {"file": "missing.wav"},), "missing.wav"),
        (("no object",), "line 1"),
    ],
)
def test_what_is_no_set_is_told_why(tmp_path: Path, lines: tuple[object, ...], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        GoldenSet.read(write_set(tmp_path, *lines))
    assert "GOLDEN_SET_DIR" in refused.value.detail
    assert said in refused.value.detail


def test_a_folder_that_is_not_there_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="GOLDEN_SET_DIR"):
        GoldenSet.read(tmp_path / "missing")


@pytest.mark.parametrize(
    ("language", "said", "heard", "words", "characters"),
    [
        ("en", "It's my colour.", "it is a color", Errors(1, 4), Errors(2, 14)),
        ("de", "Der Zug fährt ab.", "der Zug fährt", Errors(1, 4), Errors(3, 16)),
        ("zh", "今天天气很好", "今天天气不好", Errors(1, 6), Errors(1, 11)),
        ("fr", "Un livre", "", Errors(2, 2), Errors(8, 8)),
        ("en", "Yes", "yes and so on", Errors(3, 1), Errors(10, 3)),
    ],
)
def test_errors_are_counted_behind_whispers_normalisers(
    language: str, said: str, heard: str, words: Errors, characters: Errors
) -> None:
    assert word_errors(language, [(said, heard)]) == words
    assert character_errors(language, [(said, heard)]) == characters


def test_long_references_weigh_more_than_short_ones() -> None:
    assert word_errors("de", [("eins", "zwei"), ("eins zwei drei vier fünf sechs sieben", "")]) == Errors(8, 8)
    pooled = word_errors("de", [("eins", "zwei"), ("eins zwei drei", "eins zwei drei")])
    assert pooled.rate == 0.25


def test_metrics_tell_the_latest_run_and_its_change() -> None:
    registry = CollectorRegistry()
    metrics = GoldenMetrics(registry)
    assert registry.get_sample_value("transcription_golden_failures_total") == 0
    assert registry.get_sample_value("transcription_golden_wer", {"language": "de"}) is None
    metrics.show(run(0.25), baseline=run(0.2))
    assert registry.get_sample_value("transcription_golden_wer", {"language": "de"}) == 0.25
    assert registry.get_sample_value("transcription_golden_cer", {"language": "de"}) == 0.125
    assert registry.get_sample_value("transcription_golden_wer_change", {"language": "de"}) == pytest.approx(0.05)
    ended = datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC).timestamp()
    assert registry.get_sample_value("transcription_golden_last_run_timestamp_seconds") == ended


@pytest.mark.parametrize("baseline", [None, run(0.2, model="small"), run(0.2, set_digest="2")])
def test_what_can_not_be_compared_has_no_change(baseline: GoldenRun | None) -> None:
    registry = CollectorRegistry()
    GoldenMetrics(registry).show(run(0.25), baseline=baseline)
    assert registry.get_sample_value("transcription_golden_wer", {"language": "de"}) == 0.25
    assert registry.get_sample_value("transcription_golden_wer_change", {"language": "de"}) is None
