"""Webhooks are signed as Standard Webhooks says, with every secret there is."""

import base64
import hashlib
import hmac
import secrets

import pytest

from core.errors import ConfigurationError
from core.webhook_signatures import WebhookSigner


def secret_of(key: bytes) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


def test_the_example_of_the_specification_is_signed_alike() -> None:
    # The secret, message and signature of the specification's own reference libraries' tests.
    signer = WebhookSigner.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signer is not None
    headers = signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_several_secrets_sign_one_after_the_other() -> None:
    keys = [secrets.token_bytes(size) for size in (24, 32, 64)]
    signer = WebhookSigner.parse(" ".join(secret_of(key) for key in keys))
    assert signer is not None
    signed = b"id.7.body"
    expected = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    assert signer.headers("id", 7, b"body")["webhook-signature"].split() == [f"v1,{each}" for each in expected]


def test_without_a_secret_there_is_no_signer() -> None:
    assert WebhookSigner.parse("  ") is None


@pytest.mark.parametrize(
    "secret",
    [
        base64.b64encode(b"k" * 32).decode(),
        secret_of(b"k" * 23),
        secret_of(b"k" * 65),
        "whsec_",
        "whsec_not-base64!",
        f"{secret_of(b'k' * 32)} whsec_x",
    ],
)
def test_what_is_no_secret_stops_the_process_and_is_not_shown(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="WEBHOOK_SECRET") as refused:
        WebhookSigner.parse(secret)
    shown = refused.value.detail.replace("whsec_$(", "")
    assert not any(part in shown for part in secret.split() if part != "whsec_")
