"""`python -m bench.limited_route LIMITER PORT REDIS_URL`: a route that does one Redis GET, behind a rate limiter."""

import sys
from collections.abc import Awaitable, Callable

import uvicorn
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from prometheus_client import CollectorRegistry, Counter
from redis.asyncio import Redis
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.client_address import client_address
from api.rate_limits import OFF, Rate, RateLimits, parsed
from core.redis_clients import connect_async

KEY = "bench:limited"
LIMIT = "600/second"
"""For each client, who asks about fifty times: what is counted for him is what 600 a minute are."""

Endpoint = Callable[[Request], Awaitable[Response]]


def _unlimited(endpoint: Endpoint, _client: Redis, _url: str) -> Endpoint:
    return endpoint


def _slowapi(endpoint: Endpoint, _client: Redis, url: str) -> Endpoint:
    limiter = Limiter(key_func=get_remote_address, storage_uri=url, headers_enabled=True)
    decorated: Endpoint = limiter.limit(LIMIT)(endpoint)

    async def limited(request: Request) -> Response:
        request.app.state.limiter = limiter
        return await decorated(request)

    return limited


def _limits_aio(strategy: type[FixedWindowRateLimiter] | type[MovingWindowRateLimiter]) -> "Wrapper":
    def wrapper(endpoint: Endpoint, client: Redis, _url: str) -> Endpoint:
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=strategy.__name__,
            connection_pool=client.connection_pool,  # type: ignore[arg-type]  # documented; its type forgets it
        )
        limiter = strategy(storage)
        limit = parsed(LIMIT)[0]

        async def limited(request: Request) -> Response:
            who = client_address(request)
            if not await limiter.hit(limit, who):
                return Response(status_code=429)
            reset_at, remaining = await limiter.get_window_stats(limit, who)
            response = await endpoint(request)
            response.headers["X-RateLimit-Limit"] = str(limit.amount)
            response.headers["X-RateLimit-Remaining"] = str(remaining)
            response.headers["X-RateLimit-Reset"] = str(int(reset_at))
            return response

        return limited

    return wrapper


def _gateways(rate: Rate) -> "Wrapper":
    def wrapper(endpoint: Endpoint, client: Redis, _url: str) -> Endpoint:
        skipped = Counter("skipped", "Uncounted requests", registry=CollectorRegistry())
        settings = {"submit": OFF, "read": OFF} | {str(rate): LIMIT}
        limits = RateLimits(client, skipped=skipped, **settings)  # type: ignore[arg-type]

        async def limited(request: Request) -> Response:
            standing = await limits.take(rate, client_address(request))
            if standing is None or standing.is_refused:
                return Response(status_code=429)
            response = await endpoint(request)
            response.raw_headers += standing.headers()
            return response

        return limited

    return wrapper


Wrapper = Callable[[Endpoint, Redis, str], Endpoint]
LIMITERS: dict[str, Wrapper] = {
    "none": _unlimited,
    "slowapi": _slowapi,
    "limits.aio, fixed window": _limits_aio(FixedWindowRateLimiter),
    "limits.aio, moving window": _limits_aio(MovingWindowRateLimiter),
    "the gateway's, for submissions": _gateways(Rate.SUBMIT),
    "the gateway's, for reads": _gateways(Rate.READ),
}


def main() -> None:
    """Serve until told to stop."""
    name, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    client = connect_async(url)

    async def status(request: Request) -> Response:
        return Response(await client.get(request.path_params["key"]), media_type="application/json")

    app = Starlette(routes=[Route("/status/{key}", LIMITERS[name](status, client, url))])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
