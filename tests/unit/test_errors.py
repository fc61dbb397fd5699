"""The tree of errors is what its drawing says, and each of its leaves has a place in HTTP."""

import re
from collections.abc import Iterator

import pytest

import core.errors
from api.problems import STATUSES, status_of
from core.errors import (
    ConfigurationError,
    FailureCode,
    InvalidOptions,
    JobFailed,
    OptionProblem,
    OutboundFailure,
    OutboundFault,
    RequestRefused,
    ScriptoriumError,
    ServiceUnavailable,
    TranscriptionFailure,
)

NEVER_A_REQUESTS_END = {
    ScriptoriumError,  # the root: raised as one of its kinds only
    RequestRefused,  # a family of the tree, as the next
    ServiceUnavailable,
    ConfigurationError,  # ends a process before it takes requests
    TranscriptionFailure,  # ends an attempt in a worker; the gateway reads its code from the job
    OutboundFailure,  # ends an attempt to deliver a webhook, likewise; of a URL just given it becomes InvalidOptions
}
CARRIED = {TranscriptionFailure: FailureCode.AUDIO_EMPTY, OutboundFailure: OutboundFault.TIMED_OUT}
BY_ITS_CAUSE = JobFailed
"""Its status depends on whether the media is to blame."""
DRAWN = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+) {2,}(?P<meaning>\S.*)$")


def tree(root: type[ScriptoriumError]) -> Iterator[type[ScriptoriumError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


# Only the product's own: a test elsewhere may derive one of its own.
CLASSES = [error for error in tree(ScriptoriumError) if error.__module__ == "core.errors"]
WITH_CODE = [error for error in CLASSES if "code" in vars(error) and error is not ScriptoriumError]


def drawing() -> dict[str, tuple[int, str]]:
    """Return depth and meaning of every class drawn in the module's docstring."""
    lines = (core.errors.__doc__ or "").splitlines()
    drawn = [match for line in lines if (match := DRAWN.match(line))]
    assert len(drawn) == len({match["name"] for match in drawn})
    return {match["name"]: (len(match["indent"]) // 4, match["meaning"]) for match in drawn}


def test_every_error_a_request_can_end_in_has_a_status() -> None:
    assert set(STATUSES) == set(CLASSES) - NEVER_A_REQUESTS_END - {BY_ITS_CAUSE}


@pytest.mark.parametrize("error", STATUSES, ids=lambda error: error.__name__)
def test_an_error_of_the_client_is_a_4xx_and_one_of_the_service_a_5xx(error: type[ScriptoriumError]) -> None:
    family = 4 if issubclass(error, RequestRefused) else 5
    assert STATUSES[error] // 100 == family


@pytest.mark.parametrize("error", sorted(NEVER_A_REQUESTS_END, key=str))
def test_an_error_that_should_never_leave_a_request_is_an_internal_one(error: type[ScriptoriumError]) -> None:
    instance = error(CARRIED[error], "") if error in CARRIED else error()  # type: ignore[call-arg]
    assert status_of(instance) == 500


@pytest.mark.parametrize("failure", FailureCode)
def test_a_failed_job_is_the_clients_fault_only_where_the_media_is_to_blame(failure: FailureCode) -> None:
    by_media = {"audio_undecodable", "no_audio_stream", "audio_empty", "audio_too_long", "clip_outside_audio"}
    by_media |= {"malware_found"}
    by_url = {"url_refused", "url_host_unknown", "url_not_served", "url_too_large", "url_empty"}
    assert status_of(JobFailed(failure, "it failed")) == (422 if failure.value in by_media | by_url else 500)


def test_codes_are_unique_snake_case() -> None:
    codes = [error.code for error in WITH_CODE]
    assert len(set(codes)) == len(codes)
    assert [
        code for code in [*codes, *FailureCode, *OutboundFault] if not re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    ] == []
    # A client sees both kinds in the same field.
    assert set(codes).isdisjoint(FailureCode)


def test_every_concrete_error_has_a_code_and_a_title_of_its_own() -> None:
    concrete = set(CLASSES) - {ScriptoriumError, RequestRefused, ServiceUnavailable}
    assert set(WITH_CODE) == concrete - {JobFailed}
    titles = [error.title for error in concrete]
    assert len(set(titles)) == len(titles)


def test_the_drawing_names_exactly_the_classes_there_are() -> None:
    assert set(drawing()) == {error.__name__ for error in CLASSES}


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_the_drawing_hangs_a_class_below_an_ancestor_of_its_and_nowhere_else(error: type[ScriptoriumError]) -> None:
    drawn = drawing()
    depth, _ = drawn[error.__name__]
    above = list(drawn)[: list(drawn).index(error.__name__)]
    parent = next((name for name in reversed(above) if drawn[name][0] == depth - 1), None)
    assert parent in {ancestor.__name__ for ancestor in error.__mro__[1:]} | {None}
    assert (parent is None) == (error is ScriptoriumError)


@pytest.mark.parametrize("error", WITH_CODE, ids=lambda error: error.__name__)
def test_the_drawing_tells_a_class_code(error: type[ScriptoriumError]) -> None:
    _, meaning = drawing()[error.__name__]
    if error is TranscriptionFailure:  # shown to nobody: what counts is the FailureCode it carries
        assert "FailureCode" in meaning
    else:
        assert meaning.split(":")[0] == error.code


@pytest.mark.parametrize("family", [RequestRefused, ServiceUnavailable, JobFailed])
def test_a_class_drawn_without_a_code_has_none(family: type[ScriptoriumError]) -> None:
    assert family not in WITH_CODE
    _, meaning = drawing()[family.__name__]
    assert meaning not in {error.code for error in WITH_CODE}


def test_an_error_without_details_speaks_with_its_title() -> None:
    error = ConfigurationError()
    assert (str(error), error.detail) == (ConfigurationError.title, ConfigurationError.title)
    assert str(ConfigurationError("Set PORT.")) == "Set PORT."


def test_invalid_options_name_every_one_of_them() -> None:
    problems = [OptionProblem("beam_size", "is too large"), OptionProblem("colour", "is not an option")]
    error = InvalidOptions(problems)
    assert error.problems == tuple(problems)
    assert error.detail == "beam_size: is too large; colour: is not an option"


def test_who_is_told_to_come_back_is_told_when() -> None:
    assert [error for error in tree(ServiceUnavailable) if (error.retry_after_seconds or 0) < 1] == []
