"""`scriptorium transcribe` and the commands about its jobs, against the real service."""

import json
import re
import signal
import wave
from io import BytesIO
from pathlib import Path
from typing import Any

import pysubs2
import pytest

from tests.harness.command import RunningCommand, completions, run_command, run_on_a_terminal
from tests.harness.service import Service, until
from tests.media import clip, text_named_mp3, video_without_audio, word_error_rate

SAID = {
    "garden": "The garden behind the house was small, but in spring it was full of yellow flowers.",
    "station": "The last train left the station at midnight, and the platform was empty.",
}


@pytest.fixture
def server(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def test_text_goes_to_stdout_in_the_order_of_the_files(server: str) -> None:
    ended = run_command("transcribe", clip("garden"), clip("station"), server=server)
    assert ended.returncode == 0, ended.stderr
    _, garden, station = re.split(r"==> .* <==\n", ended.stdout)
    assert word_error_rate([(SAID["garden"], garden), (SAID["station"], station)]) < 20
    alone = run_command("transcribe", clip("garden"), server=server)
    assert (alone.stdout, alone.stderr) == (garden, "")


def test_subtitles_go_to_a_file_or_to_a_folder(server: str, tmp_path: Path) -> None:
    out = tmp_path / "g.srt"
    ended = run_command("transcribe", clip("garden"), "-f", "srt", "-o", out, server=server)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert "garden" in pysubs2.load(str(out))[0].text
    run_command("transcribe", clip("garden"), clip("station"), "-f", "vtt", "-f", "json", "-o", tmp_path, server=server)
    assert {path.name for path in tmp_path.iterdir()} == {
        "g.srt", "garden.vtt", "garden.json", "station.vtt", "station.json",
    }  # fmt: skip
    assert "train" in json.loads((tmp_path / "station.json").read_text())["text"]


def test_json_lines_tell_what_happens_and_stdin_is_read(server: str) -> None:
    ended = run_command(
        "transcribe", "-", "--name", "call.flac", "--fresh", "--json", "-f", "verbose_json", "--word-timestamps",
        "-l", "en", "--quality", "fast", server=server, stdin=clip("garden").read_bytes(),
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["accepted", "completed"]
    segments = [event["segment"] for event in events if event["event"] == "segment"]
    assert segments[0]["words"][0]["word"].strip() == "The"
    assert events[-1]["transcript"]["segments"][0]["text"].strip() == segments[0]["text"].strip()
    status = json.loads(run_command("status", events[0]["job_id"], "--json", server=server).stdout)
    assert (status["file_name"], status["options"]["quality"], status["language"]) == ("call.flac", "fast", "en")


def test_without_waiting_job_ids_are_printed_and_lead_to_all_the_rest(server: str, tmp_path: Path) -> None:
    ended = run_command("transcribe", clip("garden"), clip("station"), "--no-wait", "--fresh", server=server)
    first, second = ended.stdout.split()
    assert run_command("status", first, "--wait", server=server).returncode == 0
    shown = dict(
        line.split("\t") for line in run_command("status", second, "--wait", server=server).stdout.splitlines()
    )
    assert (shown["job"], shown["status"], shown["file"], shown["language"]) == (
        second, "completed", "station.flac", "en",
    )  # fmt: skip
    subtitles = run_command("result", first, "-f", "srt", "--max-line-length", "20", server=server).stdout
    assert max(len(line) for line in pysubs2.SSAFile.from_string(subtitles)[0].plaintext.splitlines()) <= 20
    assert run_command("result", first, "-o", tmp_path / "a.txt", server=server).stdout == ""
    assert "garden" in (tmp_path / "a.txt").read_text()
    assert "garden" in json.loads(run_command("result", first, "--json", server=server).stdout)["text"]
    listed = run_command("jobs", "--file", "STATION", "--limit", "1", "--status", "completed", server=server).stdout
    assert listed.split("\t")[:2] == [second, "completed"]
    document = json.loads(run_command("jobs", "--json", "--limit", "2", server=server).stdout)
    assert {job["job_id"] for job in document["jobs"]} == {first, second}
    assert run_command("cancel", first, server=server).stdout == f"completed\t{first}\n"


def test_what_is_refused_or_fails_keeps_nothing_else_back(server: str, tmp_path: Path) -> None:
    (tmp_path / "list.mp3").write_bytes(text_named_mp3())
    (tmp_path / "mute.mp4").write_bytes(video_without_audio())
    failed = run_command("transcribe", tmp_path / "mute.mp4", clip("garden"), server=server)
    assert failed.returncode == 1
    assert "yellow flowers" in failed.stdout
    assert failed.stderr.startswith(f"scriptorium: {tmp_path / 'mute.mp4'}: ")
    refused = run_command("transcribe", tmp_path / "list.mp3", clip("garden"), "--json", server=server)
    events = {json.loads(line)["event"]: json.loads(line) for line in refused.stdout.splitlines()}
    assert refused.returncode == 4
    assert events["failed"]["code"] == "unsupported_media"
    assert "yellow flowers" in events["completed"]["transcript"]
    job_id = json.loads(run_command("jobs", "--json", "--status", "failed", server=server).stdout)["jobs"][0]["job_id"]
    for command in (["status", job_id], ["result", job_id]):
        assert run_command(*command, server=server).returncode == 1
    unknown = run_command("result", "0" * 32, server=server)
    assert (unknown.returncode, unknown.stdout) == (4, "")
    assert "No such job" in unknown.stderr


def test_a_shell_completes_the_ids_of_jobs_and_models(server: str) -> None:
    ended = run_command("transcribe", clip("garden"), "--no-wait", server=server)
    job_id = ended.stdout.strip()
    for words, meant in ((["status", job_id[:6]], job_id), (["transcribe", "--model", "b"], "base")):
        assert completions(*words, server=server) == [meant]


def test_a_terminal_sees_bars_and_text_as_it_comes(server: str) -> None:
    status, shown = run_on_a_terminal("transcribe", clip("snow"), "--fresh", server=server)
    assert status == 0
    text, bars = shown.index("The snow fell"), shown.index("snow.flac")
    assert bars < text
    assert re.search(r"━+.*waiting|transcribing", shown)
    assert "[1A" in shown or "[2K" in shown  # the bar is drawn again in its place
    status, plain = run_on_a_terminal("transcribe", clip("snow"), "--fresh", server=server, NO_COLOR="1")
    assert status == 0
    assert "\x1b" not in plain
    assert "━" not in plain
    assert plain.startswith("The snow fell")
    status, table = run_on_a_terminal("jobs", "--limit", "1", server=server)
    assert "Submitted (UTC)" in table


def speech(name: str, seconds: float) -> bytes:
    """Return silence of a name's own, so that no other test's job is joined."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(name.encode().ljust(64, b"\0") + bytes(round(16000 * seconds)))
    return buffer.getvalue()


def job(service: Service, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in service.client.get("/jobs").json()["jobs"] if each["file_name"] == name
    )
    return found


def test_ctrl_c_leaves_the_job_and_says_how_to_follow_it(scripted_service: Service, tmp_path: Path) -> None:
    server = address(scripted_service)
    (tmp_path / "long.wav").write_bytes(speech("left", 300))
    with RunningCommand("transcribe", tmp_path / "long.wav", server=server) as running:
        assert running.until_line("Segment 1 ") == "Segment 1 from 0.0 to 5.0 seconds."
        assert running.end() == 130
    job_id = job(scripted_service, "long.wav")["job_id"]
    assert f"scriptorium result {job_id} --wait" in running.output()
    assert scripted_service.status(job_id)["status"] == "processing"
    early = run_command("result", job_id, server=server)
    assert (early.returncode, early.stdout) == (4, "")
    assert "--wait" in early.stderr
    stopped = run_command("cancel", job_id, job_id, "0" * 32, server=server)
    assert stopped.returncode == 4
    assert stopped.stdout.split("\t")[1:] == [f"{job_id}\n"]
    assert scripted_service.finished(job_id)["status"] == "cancelled"


def test_ctrl_c_cancels_if_it_is_to(scripted_service: Service, tmp_path: Path) -> None:
    (tmp_path / "cancelled.wav").write_bytes(speech("cancelled", 300))
    with RunningCommand(
        "transcribe", tmp_path / "cancelled.wav", "--cancel-on-interrupt", server=address(scripted_service)
    ) as running:
        running.until_line("Segment 1 ")
        assert running.end() == 130
    assert "1 job(s) cancelled" in running.output()
    job_id = job(scripted_service, "cancelled.wav")["job_id"]
    assert scripted_service.finished(job_id)["status"] == "cancelled"


def test_a_batch_that_is_interrupted_is_taken_up(scripted_service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "taken-up.wav").write_bytes(speech("taken-up", 20))
    arguments = ("batch", folder, "-o", tmp_path / "out", "--json")
    with RunningCommand(*arguments, server=address(scripted_service)) as running:
        job_id = until(lambda: _submitted(tmp_path / "out" / ".scriptorium-batch.jsonl"), 20, running.output)
        assert running.end(signal.SIGINT) == 130
    assert [json.loads(line)["unfinished"] for line in running.lines] == [1]
    ended = run_command(*arguments, server=address(scripted_service))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[0])["job_id"] == job_id


def _submitted(state: Path) -> str | None:
    if not state.exists():
        return None
    entries = [json.loads(line).get("file") for line in state.read_text().splitlines()]
    return next((entry["job_id"] for entry in entries if entry and entry["job_id"]), None)
