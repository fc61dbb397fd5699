"""`python -m bench.bare_route PORT REDIS_URL`: one Starlette route that does one Redis GET, as bare as it can be.

What the gateway's `GET /status` is measured against: the same server, settings, Redis client and connection handling,
and nothing else of the gateway.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.redis_clients import connect_async


def main() -> None:
    """Serve until told to stop."""
    port, url = int(sys.argv[1]), sys.argv[2]
    client = connect_async(url)

    async def status(request: Request) -> Response:
        return Response(await client.get(request.path_params["key"]), media_type="application/json")

    app = Starlette(routes=[Route("/status/{key}", status)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
