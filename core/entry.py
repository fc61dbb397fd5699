"""How every process of ours begins: settings, logging, then what it is for."""

import os
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

from core.errors import CONFIGURATION_EXIT_STATUS, ConfigurationError
from core.logs import configure_logging
from core.settings import CommonSettings

S = TypeVar("S", bound=CommonSettings)


def run_process(settings_class: type[S], run: Callable[[S], int]) -> int:
    """Read the settings, set logging up, run; return the exit status.

    What is set up wrongly, be it found now or by `run`, is one line for a person and CONFIGURATION_EXIT_STATUS.
    """
    if os.getpid() == 1:
        # The first process of a container: the kernel keeps signals from it that it doesn't handle, so that a stop
        # while a model loads would last until the engine's patience ends. Servers put handlers of their own here later.
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        settings = settings_class.read()
        configure_logging(settings.log_level, settings.log_format)
        return run(settings)
    except ConfigurationError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201 - meant for a person, as it is
        return CONFIGURATION_EXIT_STATUS
