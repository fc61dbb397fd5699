"""The command line as a whole: what is imported when, what all commands have in common, what a shell completes."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.exits import ExitStatus
from cli.main import _COMMANDS, imported_command
from core.errors import CONFIGURATION_EXIT_STATUS
from tests.harness.command import completions, run_command
from tests.harness.service import REPOSITORY

_HEAVY = ("httpx", "pydantic", "redis", "scriptorium.client", "core.settings", "asyncio", "rich.progress")


def test_help_imports_nothing_that_takes_its_time() -> None:
    code = (
        "import sys; from cli.main import app\n"
        "try: app(['--help'])\n"
        f"finally: print([name for name in {_HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.stderr.strip() == "[]"
    assert "transcribe" in ended.stdout


@pytest.mark.parametrize("name", _COMMANDS)
def test_each_command_has_help_and_json(name: str) -> None:
    command = imported_command(name)
    assert command.help
    for single in getattr(command, "commands", {"": command}).values():
        options = {option for parameter in single.params for option in parameter.opts}
        assert "--json" in options or name == "up"
        assert ("--server" in options) == ("--api-key" in options)


def test_a_pipe_gets_plain_help_and_errors() -> None:
    ended = run_command("status", "123")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith("Error: Invalid value for 'JOB_ID': '123' is no job id")
    assert (run_command("keys", "--help").stdout + ended.stderr).isascii()


def test_a_wrong_name_is_answered_with_the_right_one() -> None:
    ended = run_command("transcibe", "x.wav")
    assert ended.returncode == 2
    assert "Did you mean 'transcribe'?" in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("transcribe", "nowhere.wav"),
        ("transcribe", "."),
        ("transcribe", "-", "-"),
        ("transcribe", "README.md", "-f", "srt", "-f", "vtt"),
        ("transcribe", "README.md", "-f", "docx"),
        ("transcribe", "README.md", "README.md", "-o", "one.txt"),
        ("transcribe", "README.md", "--server", "nowhere"),
        ("batch", "nowhere", "-o", "out"),
        ("batch", "."),
        ("result", "1" * 32, "-f", "docx"),
        ("status", "1" * 31),
        ("cancel",),
        ("search",),
        ("jobs", "--status", "bored"),
    ],
)
def test_what_is_not_meant_this_way_is_refused_before_anything_is_asked(arguments: tuple[str, ...]) -> None:
    ended = run_command(*arguments, server="http://127.0.0.1:9", cwd=REPOSITORY)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr


def test_nobody_at_the_address_is_status_3_and_said_with_what_to_do() -> None:
    for arguments in (["status", "1" * 32], ["jobs", "--json"], ["search", "snow"]):
        ended = run_command(*arguments, "--server", "http://127.0.0.1:9")
        assert (ended.returncode, ended.stdout) == (3, "")
        assert "scriptorium up" in ended.stderr


def test_a_shell_completes_commands_options_and_words() -> None:
    assert completions("s") == ["status", "search", "size"]
    assert completions("dead", "") == ["list", "show", "requeue", "purge"]
    assert completions("dead", "requeue", "--fail") == ["--failure"]
    assert completions("transcribe", "-f", "v") == ["verbose_json", "vtt"]
    assert completions("batch", "--language", "ger") == ["german"]
    assert completions("batch", "--language", "de") == ["de"]


def test_a_shell_is_spared_an_error_where_nobody_answers() -> None:
    assert completions("status", "", server="http://127.0.0.1:9") == []


def test_completion_can_be_installed(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from cli.main import app; app(['--show-completion', 'bash'], prog_name='scriptorium')"],
        cwd=REPOSITORY,
        env={**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "complete" in ended.stdout
    assert "_SCRIPTORIUM_COMPLETE" in ended.stdout


PAGE = (REPOSITORY / "docs" / "clients" / "cli.md").read_text(encoding="utf-8")
EXAMPLES = sorted(set(re.findall(r"scriptorium [a-z][^>;)$`\n]*", "\n".join(re.findall(r"\$ .*", PAGE)))))


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_page_shows_exists(example: str) -> None:
    _, name, *words = shlex.split(example)
    command = imported_command(name)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-") and word != "-"} <= known


def test_the_page_has_every_command_and_every_exit_status() -> None:
    assert len(EXAMPLES) > 10
    table = PAGE[PAGE.index("| command | |") : PAGE.index("## Where the service is")]
    assert set(_COMMANDS) <= set(re.findall(r"\w+", table))
    statuses = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert statuses == {*ExitStatus, CONFIGURATION_EXIT_STATUS}
