"""`python -m core.health URL [METRIC]`: whether a process of ours answers, for the health checks of containers.

It exits with 0 if the answer is good: status 200 and, given a metric, a value of it above zero. It imports nothing but
the standard library, because it is started every few seconds.
"""

import sys
from collections.abc import Iterable, Sequence
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

_ANSWER_SECONDS = 3.0


def main(arguments: Sequence[str]) -> int:
    """Ask; return the exit status: 0 if all is well, 1 if not, with the reason on standard error."""
    url, *metrics = arguments
    try:
        # Without proxies: what is asked is always this container itself.
        with build_opener(ProxyHandler({})).open(url, timeout=_ANSWER_SECONDS) as answer:
            lines = answer.read().decode().splitlines()
    except (OSError, HTTPException) as error:  # a status of 400 or more is an OSError as well
        print(f"{url}: {error}", file=sys.stderr)  # noqa: T201 - for whoever inspects the container
        return 1
    missing = [metric for metric in metrics if not _is_above_zero(metric, lines)]
    if missing:
        print(f"{url}: {', '.join(missing)} is not above zero", file=sys.stderr)  # noqa: T201 - the same
    return int(bool(missing))


def _is_above_zero(metric: str, lines: Iterable[str]) -> bool:
    samples = (line.split() for line in lines if line.startswith(f"{metric} "))
    return any(float(value) > 0 for _, value, *_ in samples)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
