"""What the commands print stays readable in a pipe, and no stranger's file name commands the terminal."""

import json
import sys
from collections.abc import Callable

import pytest

from cli.terminal import print_error, print_facts, print_json, print_table, printable

ESCAPE = "\x1b]0;owned\x07.mp3"
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}3pm.exe"


@pytest.mark.parametrize("text", [ESCAPE, "two\nlines", "a\tcell", RIGHT_TO_LEFT, "\x9b31m"])
def test_control_characters_are_replaced(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)


@pytest.mark.parametrize("text", ["Grüße [bold].mp3", "日本語.wav", "a b"])
def test_the_rest_is_left_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_pipe_gets_bare_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("Job", "File"), [("a" * 200, ESCAPE), ("b", "[red]x[/red]")])
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows == [["a" * 200, printable(ESCAPE)], ["b", "[red]x[/red]"]]


def test_a_pipe_gets_facts_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("job", "1"), ("failed with it", "2\n3")])
    assert capsys.readouterr().out == "job\t1\nfailed with it\t2\N{REPLACEMENT CHARACTER}3\n"


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def pretend() -> None:
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return pretend


def test_a_terminal_gets_a_header_and_whole_names(
    capsys: pytest.CaptureFixture[str], on_a_terminal: Callable[[], None]
) -> None:
    on_a_terminal()
    print_table(("Job", "File"), [("a" * 32, f"[red]{ESCAPE}"), ("b" * 32, "long " * 20)])
    shown = capsys.readouterr().out
    assert "Job" in shown.splitlines()[0] + shown.splitlines()[1]
    assert "a" * 32 in shown
    assert "[red]" in shown
    assert "\x1b]0" not in shown
    assert shown.count("long") == 20


def test_json_holds_nothing_but_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"file_name": ESCAPE + RIGHT_TO_LEFT})
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert "\x1b" not in shown
    assert json.loads(shown)["file_name"] == ESCAPE + RIGHT_TO_LEFT


def test_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(f"no such job {ESCAPE}")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"scriptorium: no such job {printable(ESCAPE)}\n"
