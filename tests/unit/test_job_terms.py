"""What jobs and keys may ask for: each term's bounds, and whose holds where a job names none."""

from dataclasses import replace
from typing import Any

import pytest

from api.api_keys import KeyLimits
from api.job_terms import FORM_PROPERTIES, TermsPolicy
from api.principal import OPEN_DOOR
from core.errors import InvalidOptions
from core.sensitivity import Sensitivity
from core.user_urls import UrlPolicy

LABELS = Sensitivity(("public", "internal", "secret"), "internal")
KEY = replace(OPEN_DOOR, webhook_url="https://key.example/", retention_hours=2.0, sensitivity="secret")
HOUR_MS = 3_600_000


def policy(**changes: Any) -> TermsPolicy:  # noqa: ANN401 - as the policy takes them
    settings: dict[str, Any] = {
        "signs_webhooks": True,
        "url_policy": UrlPolicy.parse(""),
        "result_ttl_hours": 24.0,
        "sensitivity": LABELS,
    }
    return TermsPolicy(**settings | changes)


def problem(fields: dict[str, str], principal: Any = OPEN_DOOR, **changes: Any) -> str:  # noqa: ANN401 - a principal
    with pytest.raises(InvalidOptions) as refused:
        policy(**changes).take(fields, principal)
    (found,) = refused.value.problems
    return f"{found.option}: {found.message}"


def test_without_any_a_job_has_the_services() -> None:
    fields = {"language": "en", "webhook_url": ""}
    terms = policy().take(fields, OPEN_DOOR)
    assert (terms.webhook_url, terms.retention_ms, terms.sensitivity) == (None, None, "internal")
    assert terms.inherited == FORM_PROPERTIES.keys()
    assert fields == {"language": "en"}
    assert policy(sensitivity=Sensitivity()).take({}, OPEN_DOOR).sensitivity is None


def test_what_a_job_names_wins_over_its_key() -> None:
    terms = policy().take({}, KEY)
    assert (terms.webhook_url, terms.retention_ms, terms.sensitivity) == ("https://key.example/", 2 * HOUR_MS, "secret")
    named = {"webhook_url": "https://job.example/", "retention_hours": "0.5", "sensitivity": "public"}
    terms = policy().take(dict(named), KEY)
    assert (terms.webhook_url, terms.retention_ms, terms.sensitivity) == (
        "https://job.example/",
        HOUR_MS // 2,
        "public",
    )
    assert terms.inherited == frozenset()


@pytest.mark.parametrize(
    ("text", "ms"), [("24", 24 * HOUR_MS), ("1.5", 5_400_000), (str(1 / 60), 60_000), ("1e0", HOUR_MS)]
)
def test_a_job_may_be_kept_from_a_minute_to_as_long_as_results_are(text: str, ms: int) -> None:
    assert policy().take({"retention_hours": text}, OPEN_DOOR).retention_ms == ms


@pytest.mark.parametrize("text", ["0", "-1", "0.016", "24.01", "nan", "inf", "-inf", "a day", "1,5", "1e999"])
def test_what_is_no_retention_is_refused_by_its_bounds(text: str) -> None:
    assert problem({"retention_hours": text}).startswith(
        "retention_hours: is to be a number of hours from 0.0167 (a min"
    )
    assert problem({"retention_hours": text}).endswith("to 24 (RESULT_TTL_HOURS)")


def test_a_job_may_ask_for_what_its_key_has_and_no_more() -> None:
    assert policy().take({"retention_hours": "2"}, KEY).retention_ms == 2 * HOUR_MS
    assert problem({"retention_hours": "3"}, KEY).endswith("to 2 (the key's)")
    patient = replace(KEY, retention_hours=720.0)
    assert policy().take({"retention_hours": "700"}, patient).retention_ms == 700 * HOUR_MS


def test_an_unknown_label_is_told_those_that_are_known() -> None:
    assert problem({"sensitivity": "top"}) == "sensitivity: is none of public, internal, secret"
    assert "SENSITIVITY_LABELS" in problem({"sensitivity": "public"}, sensitivity=Sensitivity())
    # A key's label that is none any more lets nothing pass as less than it was.
    assert problem({}, KEY, sensitivity=Sensitivity(("public",), "public")) == "sensitivity: is none of public"


def test_a_url_is_what_a_webhook_may_be() -> None:
    assert problem({"webhook_url": "http://10.0.0.1/"}).startswith("webhook_url: ")
    assert "WEBHOOK_SECRET" in problem({"webhook_url": "https://job.example/"}, signs_webhooks=False)


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (KeyLimits(webhook_url="ftp://key.example/"), "webhook_url"),
        (KeyLimits(webhook_url="http://127.0.0.1/"), "webhook_url"),
        (KeyLimits(sensitivity="top"), "sensitivity"),
    ],
)
def test_a_key_is_held_to_what_its_jobs_are(limits: KeyLimits, named: str) -> None:
    with pytest.raises(InvalidOptions, match=named):
        policy().checked(limits)
    fine = KeyLimits(webhook_url="https://key.example/", retention_hours=720, sensitivity="public")
    assert policy().checked(fine) is fine
