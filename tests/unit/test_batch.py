"""What is remembered of a folder of transcripts: whoever dies, whatever is added, renamed or changed meanwhile."""

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from cli.batch.ledger import STATE_FILE, Entry, FolderInUse, Ledger, looked_at
from cli.batch.plan import Selection
from cli.batch.report import report_of
from cli.outputs import Format, write_whole

RUN = 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    for name in ("a.mp3", "sub/b.WAV", "sub/deeper/c.mkv", "notes.txt", ".hidden.mp3", ".git/d.mp3", "out/e.wav"):
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return found


def paths(selection: Selection, folder: Path) -> list[str]:
    return [str(path) for path in selection.files(folder, beside=folder / "out")]


def test_audio_and_video_of_all_folders_are_meant_but_no_hidden_ones_and_no_transcripts(folder: Path) -> None:
    assert paths(Selection(), folder) == ["a.mp3", "sub/b.WAV", "sub/deeper/c.mkv"]


@pytest.mark.parametrize(
    ("include", "exclude", "meant"),
    [
        (["*.txt"], [], ["notes.txt"]),
        (["sub/*"], [], ["sub/b.WAV", "sub/deeper/c.mkv"]),
        (["*.mp3", "c.*"], [], ["a.mp3", "sub/deeper/c.mkv"]),
        ([], ["b.*"], ["a.mp3", "sub/deeper/c.mkv"]),
        ([], ["sub/deeper/*"], ["a.mp3", "sub/b.WAV"]),
    ],
)
def test_patterns_choose(folder: Path, include: list[str], exclude: list[str], meant: list[str]) -> None:
    assert paths(Selection(include, exclude), folder) == meant


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(Selection().files(tmp_path / "nowhere", beside=tmp_path))


def entry(ledger: Ledger, folder: Path, name: str, order: str = "order") -> Entry:
    path = PurePosixPath(name)
    return looked_at(path, folder, stem=ledger.stem(path), order=order, ledger=ledger)


def test_a_key_stands_for_path_content_options_and_how_often(tmp_path: Path, folder: Path) -> None:
    with Ledger(tmp_path / "out") as ledger:
        first = entry(ledger, folder, "a.mp3")
        assert entry(ledger, folder, "a.mp3").idempotency_key == first.idempotency_key
        (folder / "copy.mp3").write_bytes((folder / "a.mp3").read_bytes())
        others = [
            entry(ledger, folder, "copy.mp3"),
            entry(ledger, folder, "a.mp3", order="another"),
            first.again(),
        ]
        (folder / "a.mp3").write_bytes(b"changed")
        others.append(entry(ledger, folder, "a.mp3"))
    keys = {each.idempotency_key for each in (first, *others)}
    assert len(keys) == 5
    assert max(map(len, keys)) <= 255


def test_what_was_done_is_known_after_any_death(tmp_path: Path, folder: Path) -> None:
    ledger = Ledger(tmp_path / "out")
    done = ledger.put(entry(ledger, folder, "a.mp3").completed(outputs=["a.txt"], audio_seconds=3.5, run=ledger.run))
    begun = ledger.put(replace(entry(ledger, folder, "sub/b.WAV"), state="submitted", job_id="1" * 32))
    state = (tmp_path / "out" / STATE_FILE).read_bytes()
    ledger.__exit__(None, None, None)
    for cut in range(0, len(state.splitlines()[-1]), 7):  # a death within the last line, which is of the run
        (tmp_path / "out" / STATE_FILE).write_bytes(state[: len(state) - cut])
        with Ledger(tmp_path / "out") as again:
            assert again.run == 2
            assert again.entries == {"a.mp3": done, "sub/b.WAV": begun}
            assert entry(again, folder, "a.mp3") == done
            assert entry(again, folder, "sub/b.WAV").job_id == "1" * 32


def test_a_file_that_changed_is_a_new_one(tmp_path: Path, folder: Path) -> None:
    with Ledger(tmp_path / "out") as ledger:
        done = ledger.put(entry(ledger, folder, "a.mp3").completed(outputs=["a.txt"], audio_seconds=1, run=RUN))
        os.utime(folder / "a.mp3", (1, 1))
        touched = entry(ledger, folder, "a.mp3")
        assert replace(touched, modified_ns=done.modified_ns) == done
        (folder / "a.mp3").write_bytes(b"longer than before")
        changed = entry(ledger, folder, "a.mp3")
        assert (changed.state, changed.outputs, changed.stem) == ("pending", (), done.stem)


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with Ledger(tmp_path / "out"), pytest.raises(FolderInUse, match="Another 'scriptorium batch'"):
        Ledger(tmp_path / "out")
    with Ledger(tmp_path / "out"):
        pass


def test_names_of_transcripts_do_not_collide_and_stay(tmp_path: Path, folder: Path) -> None:
    names = ["a.mp3", "a.wav", "a.b.mp3", "sub/a.mp3"]
    for name in names:
        (folder / name).write_bytes(name.encode())
    with Ledger(tmp_path / "out") as ledger:
        stems = [ledger.put(entry(ledger, folder, name)).stem for name in names]
    assert stems == ["a", "a.wav", "a.b", "sub/a"]
    with Ledger(tmp_path / "out") as ledger:
        assert [ledger.stem(PurePosixPath(name)) for name in reversed(names)] == stems[::-1]


def test_a_name_that_is_no_unicode_is_kept(tmp_path: Path, folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp3")
    (folder / name).write_bytes(b"x")
    with Ledger(tmp_path / "out") as ledger:
        kept = ledger.put(entry(ledger, folder, name))
    with Ledger(tmp_path / "out") as ledger:
        assert ledger.entries == {name: kept}


def test_the_numbers_of_a_report_add_up_over_runs(tmp_path: Path, folder: Path) -> None:
    names = ["a.mp3", "sub/b.WAV", "sub/deeper/c.mkv", "late.mp3"]
    (folder / "late.mp3").write_bytes(b"late")
    with Ledger(tmp_path / "out") as ledger:
        ledger.put(entry(ledger, folder, "a.mp3").completed(outputs=["a.txt"], audio_seconds=10.5, run=ledger.run))
        ledger.put(entry(ledger, folder, "sub/b.WAV").failed("audio_undecodable", "It is none.", ledger.run))
    with Ledger(tmp_path / "out") as ledger:
        again = ledger.put(entry(ledger, folder, "sub/b.WAV").again())
        ledger.put(again.completed(outputs=["sub/b.txt"], audio_seconds=2, run=ledger.run))
        failed = entry(ledger, folder, "sub/deeper/c.mkv").failed("no_audio_stream", "It has none.", ledger.run)
        ledger.put(failed)
    report = report_of(ledger, names)
    assert (report.total, report.completed, report.failed, report.unfinished) == (4, 2, 1, 1)
    assert [(run.run, run.completed, run.failed, run.audio_seconds) for run in report.runs] == [
        (1, 1, 0, 10.5),
        (2, 1, 1, 2),
    ]
    assert report.audio_seconds == 12.5
    assert report.wall_seconds == pytest.approx(sum(run.wall_seconds for run in report.runs))
    assert [file.path for file in report.failures] == ["sub/deeper/c.mkv"]
    assert [file.state for file in report.files] == ["completed", "completed", "failed", "unfinished"]


def test_a_file_appears_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_whole(path, "first\n")
    before = path.stat()
    assert before.st_mode & 0o777 == 0o666 & ~_umask()
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \udc80")
    assert path.read_text() == "first\n"
    assert [each.name for each in path.parent.iterdir()] == ["a.txt"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("each", Format)
def test_formats_have_endings_of_their_own(each: Format) -> None:
    assert sum(other.suffix == each.suffix for other in Format) == 1
