"""`scriptorium doctor`: everything that a service on this machine needs, looked at, with what to do."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer

from cli.doctor.answering import answering
from cli.doctor.machine import clock, disk, port, python
from cli.doctor.processes import checkup
from cli.doctor.redis_server import redis_server
from cli.exits import ExitStatus
from cli.parameters import AsJson, unfolded
from cli.service import DEFAULT_SERVER, Connection
from cli.settings import UpSettings
from cli.terminal import is_plain, print_json, print_row
from core.errors import ConfigurationError
from core.findings import Finding, Level
from core.settings import MediaSettings

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILED: "bold red"}
_NAME_WIDTH = 20


@unfolded
def doctor(
    *,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 for warnings as well.")] = False,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Check this machine, its settings and the service on it, and say what to do. Ends with 1 if a check failed.

    The settings are those that `scriptorium up` would have here: of the environment and .env.
    """
    found = []
    for finding in _findings(connection):
        found.append(finding)
        if not as_json:
            _print(finding)
    levels = [finding.level for finding in found]
    if as_json:
        print_json(
            {
                "worst": next(level for level in reversed(Level) if level in levels),
                "findings": [finding.model_dump(mode="json") for finding in found],
            }
        )
    if Level.FAILED in levels or (strict and Level.WARNING in levels):
        raise typer.Exit(ExitStatus.FAILED)


def _findings(connection: Connection) -> Iterator[Finding]:
    yield python()
    yield clock()
    try:
        settings, media = UpSettings.read(), MediaSettings.read()
    except ConfigurationError as error:
        yield Finding.failed("settings", error.detail, "Change that variable, in the environment or in .env.")
        return
    if connection.server == DEFAULT_SERVER:  # unless one is named, it is the one that is set up here
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - looked for
        connection = replace(connection, server=f"http://{host}:{settings.port}")
    yield from checkup("gateway", "api.checkup")
    yield from checkup("worker", "worker.checkup")
    yield from redis_server(settings)
    yield disk(media)
    service = list(answering(connection))
    yield port(settings, is_ours=any(finding.level is Level.OK for finding in service))
    yield from service


def _print(finding: Finding) -> None:
    if is_plain(sys.stdout):
        print_row((finding.level, finding.check, finding.found, finding.advice))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 1))
    line.add_column(width=len(Level.WARNING))
    line.add_column(width=_NAME_WIDTH)
    line.add_column(overflow="fold")
    line.add_row(Text(finding.level, style=_COLOURS[finding.level]), Text(finding.check), Text(finding.found))
    if finding.advice:
        line.add_row("", "", Text(f"→ {finding.advice}", style="cyan"))
    Console(highlight=False).print(line)
