"""Signs webhooks as Standard Webhooks has it: HMAC-SHA256 over id, timestamp and body, in base64, for each secret."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Self

from core.errors import ConfigurationError

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)


class WebhookSigner:
    """Signs with each of its keys, so that receivers may change from one to the next at their leisure."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def parse(cls, secrets: str) -> Self | None:
        """Return the signer of WEBHOOK_SECRET; None if that is empty.

        Raises:
            ConfigurationError: something in it is no such secret; the message does not show it.
        """
        keys = []
        for number, secret in enumerate(secrets.split(), start=1):
            try:
                key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
                raise ConfigurationError(
                    f"WEBHOOK_SECRET: number {number} is not 'whsec_' and 24 to 64 bytes in base64. Make one with: "
                    "echo whsec_$(openssl rand -base64 32)"
                )
            keys.append(key)
        return cls(keys) if keys else None

    def headers(self, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """Return the headers of a delivery: its id, its time in seconds since 1970 and its signatures."""
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        digests = [hmac.digest(key, signed, hashlib.sha256) for key in self._keys]
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
        }
