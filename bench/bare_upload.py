"""`python -m bench.bare_upload PORT FOLDER [--sync]`: the least that can receive an upload.

What the gateway is compared with: one Starlette route that streams the body to a file as it comes. Nothing is parsed or
hashed, there are no limits and no job, and nothing is synced unless that is asked for.
"""

import asyncio
import os
import secrets
import sys
from http import HTTPStatus
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def main() -> None:
    """Serve with the gateway's server settings until killed."""
    port, folder, syncs = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] == ["--sync"]

    async def receive(request: Request) -> JSONResponse:
        name = secrets.token_hex(16)
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            async for chunk in request.stream():
                os.write(file, chunk)
            if syncs:
                await asyncio.to_thread(os.fsync, file)
        finally:
            os.close(file)
        return JSONResponse({"name": name}, status_code=HTTPStatus.ACCEPTED)

    app = Starlette(routes=[Route("/transcribe", receive, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
