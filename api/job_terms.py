"""What a job may ask for besides its transcription: who is told, how long it is kept, how sensitive it is.

Each is a field of the form; where a job names none, its key's holds, or else the service's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.api_keys import KeyLimits
from api.principal import Principal
from core.errors import InvalidOptions, OptionProblem, OutboundFailure
from core.sensitivity import Sensitivity
from core.user_urls import UrlPolicy
from core.work import HOUR_MS

WEBHOOK_FIELD: Final = "webhook_url"
RETENTION_FIELD: Final = "retention_hours"
SENSITIVITY_FIELD: Final = "sensitivity"
LEAST_RETENTION_HOURS: Final = 1 / 60
MOST_RETENTION_HOURS: Final = 87_600
"""Ten years: what a key may have."""

FORM_PROPERTIES: Final[Mapping[str, dict[str, Any]]] = {
    WEBHOOK_FIELD: {
        "type": "string",
        "format": "uri",
        "maxLength": 2048,
        "description": "Where to POST, signed, that the job is completed, failed or cancelled: http or https, on the "
        "public internet, without credentials. `GET /webhooks/{job_id}` tells how that went. If left out, its key's.",
    },
    RETENTION_FIELD: {
        "type": "number",
        "minimum": LEAST_RETENTION_HOURS,
        "description": "Hours after its end when everything of the job is removed: transcript, audio, record, webhook "
        "log. A minute or more, and at most its key's, or RESULT_TTL_HOURS. If left out, its key's; or else results "
        "are kept for RESULT_TTL_HOURS and the record for RECORD_TTL_HOURS more.",
    },
    SENSITIVITY_FIELD: {
        "type": "string",
        "maxLength": 32,
        "description": "One of the service's SENSITIVITY_LABELS. If left out, its key's or the service's default. Send "
        "it before the file: a label may have a disk of its own.",
    },
}


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What holds for one job."""

    webhook_url: str | None
    retention_ms: int | None
    sensitivity: str | None
    inherited: frozenset[str]
    """Which of these the request itself doesn't name."""


class TermsPolicy:
    """Knows what may be asked for, by jobs and for keys."""

    def __init__(
        self, *, signs_webhooks: bool, url_policy: UrlPolicy, result_ttl_hours: float, sensitivity: Sensitivity
    ) -> None:
        self._signs_webhooks = signs_webhooks
        self._url_policy = url_policy
        self._result_ttl_hours = result_ttl_hours
        self._sensitivity = sensitivity

    def take(self, fields: dict[str, str], principal: Principal) -> JobTerms:
        """Take the terms out of a form's fields and return what holds for the job.

        Raises:
            InvalidOptions: a URL is none that is ever asked, a retention is out of its bounds, or a label isn't known.
        """
        # An empty field is what a form sends for one that nobody filled in.
        given = {name: value for name in FORM_PROPERTIES if (value := fields.pop(name, ""))}
        url, hours = given.get(WEBHOOK_FIELD), given.get(RETENTION_FIELD)
        retention_hours = principal.retention_hours if hours is None else self._retention(hours, principal)
        return JobTerms(
            webhook_url=principal.webhook_url if url is None else self._checked_url(url),
            retention_ms=None if retention_hours is None else round(retention_hours * HOUR_MS),
            sensitivity=self.label(given.get(SENSITIVITY_FIELD), principal),
            inherited=frozenset(FORM_PROPERTIES.keys() - given.keys()),
        )

    def label(self, given: str | None, principal: Principal) -> str | None:
        """Return a job's sensitivity: what it names, or its key, or the service; None where there are no labels.

        Raises:
            InvalidOptions: it is none of the service's labels; nor need a key's still be one.
        """
        label = given or principal.sensitivity or self._sensitivity.default
        return None if label is None else self._checked_label(label)

    def checked(self, limits: KeyLimits) -> KeyLimits:
        """Return what a key is to have, as its jobs will have it.

        Raises:
            InvalidOptions: a URL is none that is ever asked, or a label isn't known.
        """
        if limits.webhook_url:
            self._checked_url(limits.webhook_url)
        if limits.sensitivity:
            self._checked_label(limits.sensitivity)
        return limits

    def _checked_url(self, url: str) -> str:
        if not self._signs_webhooks:
            raise InvalidOptions([OptionProblem(WEBHOOK_FIELD, "webhooks are not set up here (WEBHOOK_SECRET)")])
        try:
            return str(self._url_policy.checked_url(url))
        except OutboundFailure as failure:
            raise InvalidOptions([OptionProblem(WEBHOOK_FIELD, failure.detail)]) from None

    def _checked_label(self, label: str) -> str:
        known = self._sensitivity.labels
        if label in known:
            return label
        reason = f"is none of {', '.join(known)}" if known else "no labels are set up here (SENSITIVITY_LABELS)"
        raise InvalidOptions([OptionProblem(SENSITIVITY_FIELD, reason)])

    def _retention(self, text: str, principal: Principal) -> float:
        most, whose = principal.retention_hours, "the key's"
        if most is None:
            most, whose = self._result_ttl_hours, "RESULT_TTL_HOURS"
        try:
            hours = float(text)
        except ValueError:
            hours = math.nan
        if not LEAST_RETENTION_HOURS <= hours <= most:
            reason = f"is to be a number of hours from {LEAST_RETENTION_HOURS:.4f} (a minute) to {most:g} ({whose})"
            raise InvalidOptions([OptionProblem(RETENTION_FIELD, reason)])
        return hours
