"""The public keys that sign tokens, as an identity provider publishes them (JWKS).

Fetched off the event loop, when the first token comes and then every few minutes; while the provider doesn't answer,
what it said last holds. A token that names an unknown key makes for one more fetch, but not more often than twice a
minute: anybody can invent names.
"""

import asyncio
import math
import time
from collections.abc import Mapping

import jwt
import structlog

from core.errors import ConfigurationError, SigningKeysUnavailable

_FRESH_SECONDS = 300.0
"""A key that was withdrawn is refused after this time."""
_UNKNOWN_SECONDS = 30.0
"""Shortest time between two fetches for keys that aren't known."""
_AGAIN_SECONDS = 2.0
"""Shortest time between a fetch that failed and the next one."""
_ANSWER_SECONDS = 5.0
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Asymmetric ones only: who can check a signature must not be able to make one."""

logger = structlog.get_logger(__name__)


class SigningKeys:
    """The keys of one provider by their id (`kid`)."""

    def __init__(self, url: str) -> None:
        """Take the address at which the keys are published.

        Raises:
            ConfigurationError: it is no http or https address.
        """
        try:
            self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=_ANSWER_SECONDS)
        except jwt.PyJWKClientError:
            raise ConfigurationError(f"JWT_JWKS_URL has to be an http or https address, not '{url}'.") from None
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = -math.inf
        """When the latest fetch that succeeded ended, on the monotonic clock."""
        self._tried_at = -math.inf
        """When the latest fetch ended, well or badly."""
        self._fetch: asyncio.Task[None] | None = None

    @property
    def known(self) -> Mapping[str, jwt.PyJWK]:
        """What was fetched last: another object after each fetch that succeeded."""
        return self._keys

    async def get(self, kid: str) -> jwt.PyJWK | None:
        """Return a key by its id; None if the provider has none of this id.

        Raises:
            SigningKeysUnavailable: the keys were never fetched, and can't be.
        """
        now = time.monotonic()
        if not self._keys:
            if now - self._tried_at >= _AGAIN_SECONDS:
                await self._fetched()
            if not self._keys:
                raise SigningKeysUnavailable("The identity provider (JWT_JWKS_URL) does not answer; try again shortly.")
        elif kid not in self._keys and now - self._tried_at >= _UNKNOWN_SECONDS:
            await self._fetched()
        return self._keys.get(kid)

    def refresh(self) -> None:
        """Have the keys fetched again, if they are getting old; nobody waits for it."""
        now = time.monotonic()
        if now - self._fetched_at >= _FRESH_SECONDS and now - self._tried_at >= _UNKNOWN_SECONDS:
            self._begin()

    async def _fetched(self) -> None:
        """Return once a fetch has ended. All who wait share it."""
        await asyncio.shield(self._begin())

    def _begin(self) -> "asyncio.Task[None]":
        if self._fetch is None or self._fetch.done():
            self._fetch = asyncio.create_task(self._fetch_keys())
        return self._fetch

    async def _fetch_keys(self) -> None:
        try:
            found = await asyncio.to_thread(self._client.get_signing_keys)
        except (jwt.PyJWTError, OSError, ValueError) as error:
            logger.warning("signing_keys_not_fetched", error=type(error).__name__)
        else:
            self._keys = {str(key.key_id): key for key in found if key.algorithm_name in _ALGORITHMS}
            self._fetched_at = time.monotonic()
        finally:
            self._tried_at = time.monotonic()
