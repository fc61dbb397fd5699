"""`python -m api`: runs one gateway process."""

import argparse
import gc
import resource
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

import structlog
import uvicorn

from api.app import create_app
from api.connections import OTHER_FILES, Connections
from api.settings import GatewaySettings
from api.shared_metrics import share
from core.entry import run_process

_COLLECT_AFTER = 20_000
"""Objects made and not freed between two looks of the garbage collector at the young ones; 700 by default."""
_KEEP_ALIVE_SECONDS = 75
"""Longer than a balancer keeps a connection that it isn't using (nginx: 60 s), lest it send a request into its end."""
_FEWEST_CONNECTIONS = 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway, by default as the command line says, until it is told to stop; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m api", description=main.__doc__)
    parser.add_argument(
        "--listen-fd", type=int, metavar="N", help="take connections from this listening socket, not from HOST and PORT"
    )
    parser.add_argument(
        "--share-metrics",
        nargs=2,
        metavar=("FOLDER", "NAME"),
        help="keep metrics in this folder, under a name of this process' own, with those of the other gateways there",
    )
    return run_process(GatewaySettings, partial(_run, **vars(parser.parse_args(arguments))))


def _run(settings: GatewaySettings, *, listen_fd: int | None, share_metrics: tuple[str, str] | None) -> int:
    logger = structlog.get_logger("api")
    logger.info("gateway_starting", host=settings.host, port=settings.port, auth_mode=settings.auth_mode)
    if settings.is_open_to_others:
        logger.warning(
            "gateway_is_open",
            host=settings.host,
            hint="Anybody who can reach it can use it and read all jobs. Set AUTH_MODE=api_key and ADMIN_KEY, or "
            "HOST=127.0.0.1.",
        )
    app = create_app(settings, metrics_folder=_shared_metrics_folder(share_metrics))
    _spare_the_collector()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=20,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        ws="none",
        http=_connections(settings).accept,  # type: ignore[arg-type]  # called like a class
    )
    _Server(config, on_stopping=app.state.services.activity.close_soon).run(
        sockets=None if listen_fd is None else [socket.socket(fileno=listen_fd)]
    )
    return 0


def _shared_metrics_folder(given: tuple[str, str] | None) -> Path | None:
    """Share metrics, if the command line says so, before the first one is made; return their folder."""
    if given is None:
        return None
    folder, name = Path(given[0]), given[1]
    share(folder, name)
    return folder


def _spare_the_collector() -> None:
    """Keep what lives as long as the process out of the garbage collector's sight, and have it look less often.

    A request makes a few hundred objects and no cycles; by default the collector looks at everything, the libraries
    included, every few hundred requests, which took a tenth of the time of a status (docs/decisions/0021).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def _connections(settings: GatewaySettings) -> Connections:
    """Return the bounds of connections: as many as are set, or as this process may have files open."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    room = max(_FEWEST_CONNECTIONS, most_files - settings.max_uploads - OTHER_FILES)
    return Connections(
        most=settings.max_connections if most_files == resource.RLIM_INFINITY else min(settings.max_connections, room),
        head_seconds=settings.header_timeout_seconds,
        stalled_seconds=settings.stalled_answer_seconds,
    )


class _Server(uvicorn.Server):
    """Says that it stops before it waits for connections: those that follow a job would last as long as the job."""

    def __init__(self, config: uvicorn.Config, *, on_stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stopping = on_stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, on a signal."""
        self._on_stopping()
        super().handle_exit(sig, frame)


if __name__ == "__main__":
    sys.exit(main())
