"""What an API key may be given: rates that the rate limiter's own parser reads, and times that are counted from now."""

from datetime import UTC, datetime, timedelta

import pytest
from limits import parse
from pydantic import ValidationError

from api.api_keys import KeyLimits
from api.key_views import NewLimits


@pytest.mark.parametrize(
    ("rate", "amount", "seconds"),
    [("1/second", 1, 1), ("10/minute", 10, 60), ("7/hour", 7, 3600), ("9/day", 9, 86_400)],
)
def test_a_rate_means_what_the_limiter_reads(rate: str, amount: int, seconds: int) -> None:
    limits = NewLimits(submit_rate=rate, read_rate=rate).limits()
    assert limits.submit_rate == limits.read_rate == rate
    read = parse(rate)
    assert (read.amount, read.get_expiry()) == (amount, seconds)


@pytest.mark.parametrize(
    "rate", ["", "10", "0/minute", "10/fortnight", "10/minute;2/hour", " 1/hour", "1/hour\n", "-1/day"]
)
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ValidationError, match="read_rate"):
        NewLimits(read_rate=rate)


def test_an_expiry_is_counted_from_now() -> None:
    before = datetime.now(UTC)
    expires_at = NewLimits(expires_in_days=1.5).limits().expires_at
    assert expires_at is not None
    assert before <= expires_at - timedelta(days=1.5) <= datetime.now(UTC)
    assert NewLimits().limits() == KeyLimits()
