"""Reports go into their place in one step, and what dead runs left is told from what living ones need."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from allocation.engine.errors import LockHeld, SettingError
from allocation.reporting import places
from allocation.reporting.places import SPARE, locked, night_part, nights_of, put_in_place, write_whole

DAY = date(2026, 1, 2)


def staged(folder, word, report="one"):
    (folder / report).mkdir(parents=True)
    for name in (f"{report}.html", f"{report}.ipynb", f"{report}/summary.json"):
        (folder / name).write_text(word)
    return folder


def words(folder, report="one"):
    return {(folder / name).read_text() for name in (f"{report}.html", f"{report}.ipynb", f"{report}/summary.json")}


@pytest.fixture(params=["exchanged", "renamed twice"])
def way(request, monkeypatch):
    if request.param == "renamed twice":
        monkeypatch.setattr(places, "_swapped", lambda *_: False)
    return request.param


def test_a_report_replaces_the_old_one_and_leaves_the_others(tmp_path, way):
    folder = tmp_path / "2026-01-02" / "launch"
    put_in_place(staged(tmp_path / "a", "OLD"), folder, "one", tmp_path / "s1")
    put_in_place(staged(tmp_path / "b", "OTHER", "two"), folder, "two", tmp_path / "s2")
    (folder / "one" / "left-over.parquet").write_text("of a report that kept more")
    put_in_place(staged(tmp_path / "c", "NEW"), folder, "one", tmp_path / "s3")
    assert words(folder) == {"NEW"}
    assert words(folder, "two") == {"OTHER"}
    assert not (folder / "one" / "left-over.parquet").exists()
    assert not list(tmp_path.glob("s*"))


def test_a_reader_never_finds_half_a_report(tmp_path):
    folder = tmp_path / "2026-01-02" / "launch"
    put_in_place(staged(tmp_path / "start", "0"), folder, "one", tmp_path / "spare")
    ended, seen = threading.Event(), []

    def read():
        while not ended.is_set():
            # The page is always there, and it is one of those that were written.
            seen.append((folder / "one.html").read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 60):
        put_in_place(staged(tmp_path / f"n{number}", str(number)), folder, "one", tmp_path / "spare")
    ended.set()
    reader.join()
    assert [int(word) for word in seen] == sorted(int(word) for word in seen)
    assert len(seen) > 60


def test_where_folders_cannot_be_exchanged_the_next_run_completes_what_was_begun(tmp_path, monkeypatch):
    out = tmp_path / "reports"
    folder = out / "2026-01-02" / "launch"
    out.mkdir()
    put_in_place(staged(tmp_path / "a", "OLD"), folder, "one", tmp_path / "s1")
    monkeypatch.setattr(places, "_swapped", lambda *_: False)
    work = out / ".part-2026-01-02-dead" / "report-0"
    real = type(folder).rename

    def dies_between(path, target):
        real(path, target)
        if target.name == "old":
            raise KeyboardInterrupt

    monkeypatch.setattr(type(folder), "rename", dies_between)
    with pytest.raises(KeyboardInterrupt):
        put_in_place(staged(work, "NEW"), folder, "one", work / SPARE / "launch")
    monkeypatch.setattr(type(folder), "rename", real)
    assert not folder.exists()
    with night_part(out, date(2026, 1, 3)):
        assert words(folder) == {"NEW"}
    assert nights_of(out) == ["2026-01-02"]
    assert not list(out.glob(".part-*"))


def test_what_a_dead_run_left_goes_and_what_a_living_one_needs_stays(tmp_path):
    dead = tmp_path / ".part-2026-01-02-dead"
    dead.mkdir()
    (dead / "half").write_text("")
    with night_part(tmp_path, date(2026, 1, 3)) as living:
        (living / "needed").write_text("")
        with night_part(tmp_path, DAY) as part:
            assert not dead.exists()
            assert (living / "needed").is_file()
            assert part.is_dir()
            with pytest.raises(LockHeld, match="wait for it, or end it"), night_part(tmp_path, DAY):
                pass
    assert not list(tmp_path.glob(".part-*"))


def test_links_are_no_nights_and_are_not_cleaned(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("")
    out = tmp_path / "reports"
    out.mkdir()
    (out / "2026-01-05").symlink_to(elsewhere)
    (out / ".part-2026-01-05-x").symlink_to(elsewhere)
    (out / "2026-01-04").mkdir()
    (out / "20260104").mkdir()
    assert nights_of(out) == ["2026-01-04"]
    with night_part(out, DAY):
        pass
    assert (elsewhere / "precious").is_file()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SettingError, match=r"reports cannot be written to .*file/reports"),
        night_part(tmp_path / "file" / "reports", DAY),
    ):
        pass


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "index.html"
    write_whole(path, "old")
    with locked(tmp_path):
        write_whole(path, b"new")
    assert path.read_text() == "new"
    assert sorted(one.name for one in tmp_path.iterdir()) == [".lock", "index.html"]
