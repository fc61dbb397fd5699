"""The `scriptorium` command: what there is, by name; a command's own module is imported when it is called."""

import sys
from importlib import import_module
from typing import Any, Literal

import typer
import typer.core
import typer.main

from cli.terminal import is_plain

_COMMANDS = {
    "transcribe": ("cli.transcribe", "transcribe", "Transcribe files, URLs or standard input, and show the text live."),
    "batch": ("cli.batch.command", "batch", "Transcribe a folder; what was done stays done when it is started again."),
    "watch": ("cli.watch", "watch", "Transcribe what is in a folder and whatever comes into it."),
    "status": ("cli.jobs", "status", "Show where a job stands."),
    "result": ("cli.jobs", "result", "Print or write a job's transcript."),
    "cancel": ("cli.jobs", "cancel", "Cancel jobs that wait or run."),
    "jobs": ("cli.jobs", "jobs", "List jobs, the newest first."),
    "search": ("cli.search", "search", "Search all transcripts for words."),
    "dead": ("cli.dead_letters", "app", "Failed jobs: look at them, requeue them, purge them."),
    "keys": ("cli.keys", "app", "API keys: make, list, change and revoke them."),
    "audit": ("cli.audit", "audit", "Show who did what, the latest first."),
    "erase": ("cli.erase", "erase", "Erase a tenant for good: API keys, jobs, transcripts, audio and records."),
    "doctor": ("cli.doctor.command", "doctor", "Check this machine and its settings, and say what to do."),
    "up": ("cli.up", "up", "Start the whole service on this machine and follow its logs."),
    "bench": ("cli.bench", "bench", "Measure how fast this machine transcribes, and how many workers users need."),
    "size": ("cli.size", "size", "Say how many workers, how much memory and disk so many users need."),
}
_FORMER_NAMES = {"dead-letters": "dead"}
_MARKUP: Literal["rich"] | None = None if is_plain(sys.stdout) or is_plain(sys.stderr) else "rich"
"""How help and errors look: in boxes at a terminal, plain elsewhere."""


class _Commands(typer.core.TyperGroup):
    """A group that knows its commands by name and summary alone until one is called."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - as typer calls it
        summaries = [
            *(typer.core.TyperCommand(name, help=summary) for name, (_, _, summary) in _COMMANDS.items()),
            *(typer.core.TyperCommand(name, hidden=True) for name in _FORMER_NAMES),
        ]
        super().__init__(**{**attributes, "commands": summaries})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer keeps these types to itself
        """Return the command that is called, whole."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and imported_command(name or ""), rest


def imported_command(name: str) -> Any:  # noqa: ANN401 - typer keeps its type to itself
    """Return a command by its name, with its options."""
    module, attribute, _ = _COMMANDS[_FORMER_NAMES.get(name, name)]
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    found.rich_markup_mode = _MARKUP
    return typer.main.get_command(found)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=_MARKUP,
    help="Run and use a Scriptorium transcription service.",
)


@app.callback()
def _scriptorium() -> None:
    pass


if __name__ == "__main__":
    app()
