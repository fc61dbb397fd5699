"""The `scriptorium` command."""

from typing import Annotated

import typer

from cli import dead_letters, keys
from cli.audit import audit
from cli.bench import bench
from cli.erase import erase
from cli.size import size

app = typer.Typer(no_args_is_help=True, add_completion=True, help="Run and use a Scriptorium transcription service.")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(keys.app, name="keys")
app.command()(audit)
app.command()(bench)
app.command()(erase)
app.command()(size)


@app.command()
def up(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Worker processes; WORKERS if not given, else 1.")
    ] = None,
) -> None:
    """Start the whole service on this machine and follow its logs; Ctrl-C stops it."""
    from cli.up import run_up

    raise typer.Exit(run_up(workers=workers))


if __name__ == "__main__":
    app()
