"""`python -m worker.flower`: Flower, the page that shows workers and turns, on our broker.

It finds the broker as all processes do, whatever characters the password has; Flower's own settings, such as
`FLOWER_BASIC_AUTH` and `FLOWER_PORT`, come from the environment. Flower is installed in an image of its own.
"""

import os
import sys

from core.celery_app import create_celery
from core.entry import run_process
from core.errors import ConfigurationError
from core.settings import CommonSettings

_PASSWORD = "FLOWER_BASIC_AUTH"  # noqa: S105 - the name of the variable
_DEFAULTS = {
    # Jobs are cancelled through the service; whatever Flower could end are turns and the processes of workers.
    "FLOWER_READ_ONLY": "true",
    "FLOWER_TASKS_COLUMNS": "name,uuid,state,args,result,received,runtime,worker",
}


def main() -> int:
    """Run Flower until it is told to stop; return its exit status."""
    return run_process(CommonSettings, _run)


def _run(settings: CommonSettings) -> int:
    user, _, password = os.environ.get(_PASSWORD, "").partition(":")
    if not (user and password):
        raise ConfigurationError(f"Flower shows workers and ids of jobs: it needs {_PASSWORD}=user:password.")
    os.environ.update(_DEFAULTS | os.environ)
    create_celery(settings.broker).start(["flower"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
