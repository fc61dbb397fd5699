"""Options are checked once, at the door, and stay what they were on their way through JSON."""

import json
from typing import Any

import pytest
from faster_whisper import tokenizer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.languages import LANGUAGE_NAMES, language_code
from core.options import TranscriptionOptions
from core.pii import PiiKind

DEFAULTS = {
    "model": None,
    "language": None,
    "task": "transcribe",
    "initial_prompt": None,
    "hotwords": None,
    "quality": "balanced",
    "beam_size": None,
    "temperature": 0.0,
    "vad_filter": True,
    "multilingual": False,
    "channels": "mix",
    "diarize": False,
    "min_speakers": None,
    "max_speakers": None,
    "word_timestamps": False,
    "clip_start_seconds": 0.0,
    "clip_end_seconds": None,
    "redact": (),
}


def options(**sent: object) -> TranscriptionOptions:
    """Validate as the gateway does: by the names a client sends."""
    return TranscriptionOptions.model_validate(sent, by_alias=True, by_name=False)


def refusal(**sent: object) -> dict[str, Any]:
    """Return the one error that these options end in."""
    with pytest.raises(ValidationError) as refused:
        options(**sent)
    (error,) = refused.value.errors()
    return dict(error)


def test_options_left_out_have_the_documented_defaults() -> None:
    assert options().model_dump(by_alias=True) == DEFAULTS


def test_every_option_is_described() -> None:
    properties = TranscriptionOptions.model_json_schema(by_alias=True)["properties"]
    assert properties.keys() == DEFAULTS.keys()
    assert [name for name, property_ in properties.items() if not property_.get("description")] == []


@pytest.mark.parametrize(
    ("option", "accepted"),
    [
        ("model", ""),
        ("model", "m" * 200),
        ("initial_prompt", "p" * 4000),
        ("hotwords", "w" * 1000),
        ("beam_size", 1),
        ("beam_size", 20),
        ("temperature", 0.0),
        ("temperature", 1.0),
        ("clip_start_seconds", 0.0),
        ("clip_end_seconds", 0.001),
        ("task", "translate"),
        ("vad_filter", False),
        ("quality", "fast"),
        ("quality", "accurate"),
        ("multilingual", True),
        ("channels", "split"),
        ("diarize", True),
        ("min_speakers", 1),
        ("max_speakers", 20),
        ("word_timestamps", True),
    ],
)
def test_a_value_on_a_bound_is_accepted_and_kept(option: str, accepted: object) -> None:
    assert options(**{option: accepted}).model_dump(by_alias=True) == DEFAULTS | {option: accepted}


@pytest.mark.parametrize(
    ("option", "refused", "error_type"),
    [
        ("model", "m" * 201, "string_too_long"),
        ("initial_prompt", "p" * 4001, "string_too_long"),
        ("hotwords", "w" * 1001, "string_too_long"),
        ("beam_size", 0, "greater_than_equal"),
        ("beam_size", 21, "less_than_equal"),
        ("beam_size", 1.5, "int_from_float"),
        ("temperature", -0.001, "greater_than_equal"),
        ("temperature", 1.001, "less_than_equal"),
        ("clip_start_seconds", -0.001, "greater_than_equal"),
        ("clip_end_seconds", 0.0, "greater_than"),
        ("task", "summarise", "literal_error"),
        ("vad_filter", "perhaps", "bool_parsing"),
        ("quality", "best", "literal_error"),
        ("multilingual", "perhaps", "bool_parsing"),
        ("channels", "2", "literal_error"),
        ("word_timestamps", "", "bool_parsing"),
    ],
)
def test_a_value_beyond_a_bound_is_refused_by_name(option: str, refused: object, error_type: str) -> None:
    error = refusal(**{option: refused})
    assert (error["loc"], error["type"]) == ((option,), error_type)


@pytest.mark.parametrize("option", ["temperature", "clip_start_seconds", "clip_end_seconds"])
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "NaN", "Infinity", float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused(option: str, number: object) -> None:
    assert refusal(**{option: number})["type"] == "finite_number"


@pytest.mark.parametrize("option", ["colour", "Beam_Size", "file", "", "whisper_task"])
def test_an_unknown_option_is_refused_by_name(option: str) -> None:
    error = refusal(**{option: "transcribe"})
    assert (error["loc"], error["type"]) == ((option,), "extra_forbidden")


def test_form_fields_are_read_as_their_types() -> None:
    sent = options(
        beam_size="3", temperature="0.4", vad_filter="false", word_timestamps="true", clip_end_seconds="12.5"
    )
    assert (sent.beam_size, sent.temperature, sent.clip_end_seconds) == (3, 0.4, 12.5)
    assert (sent.vad_filter, sent.word_timestamps) == (False, True)


@pytest.mark.parametrize("written", ["en", "EN", "english", "English", "ENGLISH", " en ", "eNgLiSh\n"])
def test_a_language_is_known_by_code_and_name_in_any_case(written: str) -> None:
    assert options(language=written).language == "en"


@pytest.mark.parametrize("code", LANGUAGE_NAMES)
def test_every_language_is_known_by_its_code_and_its_name(code: str) -> None:
    assert language_code(code.upper()) == code
    assert language_code(LANGUAGE_NAMES[code].title()) == code


@pytest.mark.parametrize("written", ["klingon", "", " ", "en-US", "eng", "auto", "😀", "e\u0301n"])
def test_an_unknown_language_is_refused_with_what_to_send(written: str) -> None:
    error = refusal(language=written)
    assert (error["loc"], error["type"]) == (("language",), "unknown_language")
    assert f"'{written}'" in error["msg"]
    assert "ISO code" in error["msg"]


def test_a_long_language_is_refused_without_being_repeated_whole() -> None:
    assert "l" * 41 not in refusal(language="l" * 1_000_000)["msg"]


def test_the_languages_are_those_of_the_installed_faster_whisper() -> None:
    assert set(LANGUAGE_NAMES) == set(tokenizer._LANGUAGE_CODES)  # noqa: SLF001 - it has no public list
    assert len(LANGUAGE_NAMES) == len(tokenizer._LANGUAGE_CODES)  # noqa: SLF001 - the same
    assert len(set(LANGUAGE_NAMES.values())) == len(LANGUAGE_NAMES)


@pytest.mark.parametrize(("start", "end"), [(5.0, 5.0), (5.0, 4.999), (0.002, 0.001)])
def test_a_clip_that_ends_before_it_has_begun_is_refused(start: float, end: float) -> None:
    error = refusal(clip_start_seconds=start, clip_end_seconds=end)
    assert error["type"] == "clip_end_before_start"
    assert str(start) in error["msg"]
    assert str(end) in error["msg"]


def test_a_clip_may_begin_anywhere_and_run_to_the_end() -> None:
    assert options(clip_start_seconds=1e6).clip_end_seconds is None
    assert options(clip_start_seconds=4.999, clip_end_seconds=5).clip_start_seconds == 4.999


@pytest.mark.parametrize(
    ("sent", "beams"),
    [
        ({}, 5),
        ({"quality": "fast"}, 1),
        ({"quality": "accurate"}, 5),
        ({"quality": "fast", "beam_size": 3}, 3),
        ({"beam_size": 1}, 1),
    ],
)
def test_the_quality_says_how_many_hypotheses_unless_the_client_does(sent: dict[str, object], beams: int) -> None:
    assert options(**sent).beams == beams


@pytest.mark.parametrize("sent", ["phone,email", " Email , PHONE ,email,", ["phone", "email", "phone"]])
def test_kinds_to_redact_are_kept_once_and_in_one_order(sent: object) -> None:
    assert options(redact=sent).model_dump_json(include={"redact"}) == '{"redact":["email","phone"]}'


@pytest.mark.parametrize("sent", ["", ",", []])
def test_nothing_to_redact_is_nothing(sent: object) -> None:
    assert options(redact=sent).redact == ()


@pytest.mark.parametrize("sent", ["emial", "email;phone", "email phone", ["email", "faces"], [["email"]]])
def test_an_unknown_kind_to_redact_is_refused_and_the_known_are_named(sent: object) -> None:
    error = refusal(redact=sent)
    assert error["loc"][0] == "redact"
    assert "'email'" in error["msg"]


def test_options_never_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        options().beam_size = 1  # type: ignore[misc]


@given(
    sent=st.fixed_dictionaries(
        {},
        optional={
            "model": st.text(max_size=200),
            "language": st.sampled_from(sorted(LANGUAGE_NAMES)),
            "task": st.sampled_from(["transcribe", "translate"]),
            "initial_prompt": st.text(max_size=80),
            "hotwords": st.text(max_size=80),
            "beam_size": st.integers(1, 20),
            "temperature": st.floats(0, 1),
            "quality": st.sampled_from(["fast", "balanced", "accurate"]),
            "vad_filter": st.booleans(),
            "multilingual": st.booleans(),
            "channels": st.sampled_from(["mix", "split"]),
            "diarize": st.booleans(),
            "max_speakers": st.none() | st.integers(1, 20),
            "word_timestamps": st.booleans(),
            "clip_start_seconds": st.floats(0, 1e6),
            "clip_end_seconds": st.floats(1.1e6, 1e300),
            "redact": st.sets(st.sampled_from(PiiKind)).map(sorted),
        },
    )
)
def test_options_come_back_from_json_as_they_went(sent: dict[str, object]) -> None:
    given_options = options(**sent)
    written = given_options.model_dump_json(by_alias=True)
    assert json.loads(written) == DEFAULTS | {"redact": []} | sent
    assert TranscriptionOptions.model_validate_json(written) == given_options
