"""`scriptorium search`: what is asked, and how places are shown."""

import json
from typing import Any

from tests.harness.command import run_command, run_on_a_terminal
from tests.harness.told_server import told_server

JOB = "1" * 32


def hit(start: float, text: str, marks: list[list[int]]) -> dict[str, Any]:
    return {
        "job_id": JOB, "file_name": "winter\x1b[2J.flac", "created_at": "2026-11-30T04:00:00Z", "segment_id": 1,
        "start": start, "end": start + 4, "text": text, "marks": marks,
    }  # fmt: skip


HITS = [hit(3.5, " The snow fell.", [[5, 9]]), hit(3723.25, " Snow again.", [[1, 5]])]


def test_places_are_shown_as_rows_as_json_and_with_the_words_in_bold() -> None:
    with told_server() as server:
        server.answers["GET /search"] = (200, {"hits": HITS, "next_cursor": None})
        rows = run_command("search", "snow", "night", server=server.address)
        document = json.loads(run_command("search", "snow", "--json", server=server.address).stdout)
        _, shown = run_on_a_terminal("search", "snow", server=server.address)
    assert rows.stdout.splitlines() == [
        f"{JOB}\t3.50\twinter\N{REPLACEMENT CHARACTER}[2J.flac\tThe snow fell.",
        f"{JOB}\t3723.25\twinter\N{REPLACEMENT CHARACTER}[2J.flac\tSnow again.",
    ]
    assert server.seen[0].startswith("GET /search?q=snow+night")
    assert [each["start"] for each in document["hits"]] == [3.5, 3723.25]
    assert "0:03.5" in shown
    assert "62:03.2" in shown
    assert "\x1b[1msnow\x1b[0m" in shown
    assert "\x1b[2J" not in shown


def test_no_more_places_than_wanted_are_asked_for_and_none_is_said() -> None:
    with told_server() as server:
        server.answers["GET /search"] = [
            (200, {"hits": HITS, "next_cursor": "next"}),
            (200, {"hits": [], "next_cursor": None}),
        ]
        assert len(run_command("search", "snow", "--limit", "2", server=server.address).stdout.splitlines()) == 2
        assert len(server.seen) == 1
        none = run_command("search", "fire", server=server.address)
    assert (none.returncode, none.stdout) == (0, "")
    assert "Nobody has said that" in none.stderr
