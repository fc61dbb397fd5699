"""The real exporters of Redis and nginx, and one that makes its metrics up."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import httpx
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from cli.ports import free_port
from tests.harness.processes import ServerProcess
from tests.harness.servers import skip_unless_ci
from tests.harness.service import environment, until

_START_SECONDS = 30
_ENGLISH = {"language": "en"}
MADE_UP: Mapping[str, tuple[Literal["gauge", "counter", "histogram"], Mapping[str, str]]] = {
    "transcription_golden_wer": ("gauge", _ENGLISH),
    "transcription_golden_cer": ("gauge", _ENGLISH),
    "transcription_golden_wer_change": ("gauge", _ENGLISH),
    "transcription_golden_last_run_timestamp_seconds": ("gauge", {}),
    "transcription_golden_failures_total": ("counter", {}),
}
"""What beat tells where a golden set is run, which takes longer than a test of the panels should."""


@contextmanager
def redis_exporter(redis_url: str, folder: Path) -> Iterator[str]:
    """Run the exporter of a Redis; yield its `host:port`."""
    with _exporter(
        "prometheus-redis-exporter", ["-web.listen-address", "{address}"], folder, REDIS_ADDR=redis_url
    ) as address:
        yield address


@contextmanager
def nginx_exporter(status_url: str, folder: Path) -> Iterator[str]:
    """Run the exporter of an nginx whose `stub_status` is at a URL; yield its `host:port`."""
    arguments = ["-web.listen-address", "{address}", "-nginx.scrape-uri", status_url]
    with _exporter("prometheus-nginx-exporter", arguments, folder) as address:
        yield address


@contextmanager
def nginx_status(folder: Path) -> Iterator[str]:
    """Run an nginx that does nothing but tell of itself; yield the URL of its `stub_status`."""
    port = free_port()
    configuration = folder / "status.conf"
    configuration.write_text(
        f"""
        daemon off;
        pid {folder}/status.pid;
        error_log stderr;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            server {{
                listen 127.0.0.1:{port};
                location = /nginx_status {{ stub_status; }}
            }}
        }}
        """
    )
    url = f"http://127.0.0.1:{port}/nginx_status"
    with _server("nginx", ["-p", str(folder), "-c", str(configuration)], url, folder):
        yield url


@contextmanager
def made_up() -> Iterator[str]:
    """Serve `MADE_UP`, with values that grow from scrape to scrape; yield its `host:port`."""
    registry = CollectorRegistry()
    registry.register(_Inventor())
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Inventor(Collector):
    def __init__(self) -> None:
        self._scrapes = 0

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        self._scrapes += 1
        for name, (kind, labels) in MADE_UP.items():
            names, values = list(labels), list(labels.values())
            family: Metric
            match kind:
                case "gauge":
                    family = GaugeMetricFamily(name, "made up", labels=names)
                    family.add_metric(values, 1)
                case "counter":
                    family = CounterMetricFamily(name, "made up", labels=names)
                    family.add_metric(values, self._scrapes)
                case "histogram":
                    family = HistogramMetricFamily(name, "made up", labels=names)
                    buckets = [("0.5", self._scrapes), ("1.0", 2 * self._scrapes), ("+Inf", 2 * self._scrapes)]
                    family.add_metric(values, buckets, sum_value=self._scrapes)
            yield family


@contextmanager
def _exporter(program: str, arguments: list[str], folder: Path, **variables: str) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    given = [argument.format(address=address) for argument in arguments]
    with _server(program, given, f"http://{address}/metrics", folder, **variables):
        yield address


@contextmanager
def _server(program: str, arguments: list[str], url: str, folder: Path, **variables: str) -> Iterator[None]:
    """Run a program until the end of the block; wait until something answers at a URL."""
    # Debian's nginx is in a folder that not every PATH has.
    binary = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if binary is None:
        skip_unless_ci(program)
    process = ServerProcess.start(
        program, [str(binary), *arguments], {**environment(), **variables}, folder / f"{program}.log"
    )

    def answers() -> bool | None:
        assert process.is_running, process.log_tail()
        try:
            return httpx.get(url, trust_env=False).is_success or None
        except httpx.TransportError:
            return None

    with ExitStack() as exits:
        exits.callback(process.wait, 20)
        exits.callback(process.terminate)
        until(answers, _START_SECONDS, process.log_tail)
        yield
