"""`python -m api`: runs one gateway process."""

import sys

import structlog
import uvicorn

from api.app import create_app
from api.settings import GatewaySettings
from core.errors import CONFIGURATION_EXIT_STATUS, ConfigurationError
from core.logs import configure_logging


def main() -> int:
    """Run the gateway until it is told to stop; return its exit status."""
    try:
        settings = GatewaySettings.read()
    except ConfigurationError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201 - logging is not set up without settings
        return CONFIGURATION_EXIT_STATUS
    configure_logging(settings.log_level, settings.log_format)
    structlog.get_logger("api").info("gateway_starting", host=settings.host, port=settings.port)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
