"""`scriptorium batch`: the transcripts of a folder; a run that was killed is taken up where it was."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.bars import Bars
from cli.batch.ledger import Entry
from cli.batch.options import Folder, FolderOptions
from cli.batch.report import Report, report_of
from cli.batch.runner import Order
from cli.batch.session import Session, event_of, opened_ledger
from cli.exits import ExitStatus
from cli.job_options import JobOptions
from cli.outputs import write_whole
from cli.parameters import AsJson, unfolded
from cli.service import Connection
from cli.terminal import print_error, print_json_line, print_note, print_row


@unfolded
def batch(
    folder: Folder,
    *,
    chosen: FolderOptions,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Transcribe what has failed before once more.")
    ] = False,
    report_file: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", dir_okay=False, help="Write all numbers there, as JSON.")
    ] = None,
    as_json: AsJson = False,
    options: JobOptions,
    connection: Connection,
) -> None:
    """Transcribe the audio and video of a folder, several files at once.

    Started again, also after it was killed, it does what is left, and nothing twice: what was done is kept in the
    folder of transcripts.
    """

    def on_settled(bars: Bars, entry: Entry) -> None:
        if as_json:
            print_json_line(event_of(entry))
        elif not sys.stdout.isatty():
            print_row((entry.state, entry.path, entry.job_id or "-", entry.failure.code if entry.failure else "-"))
        elif entry.failure:
            bars.note(f"failed: {entry.path}: {entry.failure.detail}")

    ledger = opened_ledger(chosen.out)
    try:
        paths = list(chosen.selection.files(folder, beside=chosen.out))
    except OSError as error:
        print_error(f"{error.filename}: {error.strerror}")
        raise typer.Exit(ExitStatus.FAILED) from None
    session = Session(Order(folder, options, chosen.formats, retry_failed=retry_failed), chosen, connection, on_settled)
    status = session.run(
        lambda runner: runner.settle_all(paths, at_once=chosen.parallel), total=len(paths), ledger=ledger
    )
    report = report_of(ledger, map(str, paths))
    if as_json:
        print_json_line({"event": "summary", **asdict(report)})
    else:
        _print_summary(report)
    if report_file is not None:
        try:
            write_whole(report_file, json.dumps(asdict(report), indent=2) + "\n")
        except OSError as error:
            print_error(f"{report_file} can't be written: {error.strerror}.")
            raise typer.Exit(ExitStatus.FAILED) from None
    if status is ExitStatus.DONE and report.failed:
        status = ExitStatus.FAILED
    raise typer.Exit(status)


def _print_summary(report: Report) -> None:
    """Print what came of it on stderr: stdout has a row for each file, for whoever reads them."""
    for failure in report.failures:
        print_note(f"failed: {failure.path}: {failure.code}: {failure.detail}")
    if report.failures:
        print_note("Try these again with --retry-failed.")
    if report.unfinished:
        print_note(f"{report.unfinished} left: start it again to do the rest.")
    runs = f" in {len(report.runs)} runs" if len(report.runs) > 1 else ""
    rtf = "" if report.rtf is None else f", RTF {report.rtf:.3g} ({1 / report.rtf:.3g} times as fast as it was spoken)"
    print_note(
        f"{report.total} files: {report.completed} completed, {report.failed} failed; "
        f"{_duration(report.audio_seconds)} of audio in {_duration(report.wall_seconds)}{runs}{rtf}."
    )


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
