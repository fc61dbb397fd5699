"""Connections to Redis, with time-outs and retries that survive a restart of the server."""

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 10.0
_GATEWAY_ANSWER_SECONDS = 5.0
_GATEWAY_CONNECTIONS = 128
"""One is taken as long as an accepted job is on its way to Redis' disk, others for a round trip."""
_HEALTH_CHECK_SECONDS = 5
_BACKOFF_CAP_SECONDS = 1.0


def connect(url: str, *, retries: int = 3, answer_seconds: float = _ANSWER_SECONDS) -> redis.Redis:
    """Return a client for the worker's threads. `retries` is per command; `from_url` alone sets none."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=answer_seconds,
        socket_keepalive=True,
        health_check_interval=_HEALTH_CHECK_SECONDS,
        retry=Retry(ExponentialBackoff(cap=_BACKOFF_CAP_SECONDS, base=0.05), retries),
        retry_on_error=[redis.exceptions.ConnectionError, redis.exceptions.TimeoutError],
    )


def connect_async(url: str) -> redis.asyncio.Redis:
    """Return a client for the gateway's event loop. It gives up soon: a request would rather hear 503 than wait.

    When all its connections are in use, the next command waits for one as long as it would for an answer.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=_GATEWAY_CONNECTIONS,
        timeout=_GATEWAY_ANSWER_SECONDS,
        decode_responses=True,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_GATEWAY_ANSWER_SECONDS,
        socket_keepalive=True,
        health_check_interval=_HEALTH_CHECK_SECONDS,
        retry=AsyncRetry(ExponentialBackoff(cap=_BACKOFF_CAP_SECONDS, base=0.05), 1),
        # To uvloop, writing to a connection that the server has closed is a RuntimeError.
        retry_on_error=[redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, RuntimeError],
    )
    return redis.asyncio.Redis.from_pool(pool)
