import hashlib
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocation.engine.errors import NotFound, PolicyError, SettingError
from allocation.engine.policy import DEFAULT_POLICY, Policy
from allocation.tape import Run, check, load_run, read_tape, replay
from allocation.tape.folders import policy_from_plain, require_place
from tests.policies import policy_of
from tests.tapes import random_case

FILES = {
    *("tape.jsonl", "policy.json", "decisions.jsonl", "decisions.parquet", "reservations.parquet"),
    *("summary.json", "manifest.json"),
}


@pytest.fixture
def run():
    policy, tape = random_case(8)
    return replay(tape, policy_of(policy))


def test_a_folder_and_back(run, tmp_path):
    folder = run.save(tmp_path / "deep" / "out")
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["out"]

    found = load_run(folder)
    assert found.policy == run.policy
    assert found.summary == run.summary
    assert [command for _, command in read_tape(found.tape)] == exact(run.tape())
    again = replay(found.tape, found.policy)
    assert again.digest == run.digest == found.manifest["digests"]["decisions.jsonl"]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "decisions.parquet"), run.decisions, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "reservations.parquet"), run.reservations, check_dtype=False)
    assert check(folder) == len(run.decisions)


def exact(commands):
    """Commands as they are read: numbers with a point are Decimal."""
    return json.loads(json.dumps(list(commands)), parse_float=Decimal)


def test_the_manifest(run, tmp_path):
    given = Run(
        engine=run.engine,
        summary={"profit": Decimal("12.50"), "units": np.int64(3)},
        tape=run.tape,
        manifest={"scenario": "sneakers", "seed": 7, "digests": "not this"},
        files={"scenario.yaml": "name: Zürich\n"},
    )
    folder = given.save(tmp_path / "out")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["scenario"] == "sneakers"
    assert manifest["seed"] == 7
    assert manifest["schema_version"] == 1
    assert manifest["decisions"] == len(run.decisions)
    assert set(manifest["versions"]) == {"allocation", "python", "numpy", "numba"}
    assert manifest["digests"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("tape.jsonl", "policy.json", "decisions.jsonl")
    }
    assert json.loads((folder / "summary.json").read_text()) == {"profit": "12.50", "units": 3}
    assert (folder / "scenario.yaml").read_text(encoding="utf-8") == "name: Zürich\n"


def test_the_same_run_gives_the_same_files(run, tmp_path):
    first, second = run.save(tmp_path / "a"), run.save(tmp_path / "b")
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_what_somebody_does_to_a_frame_is_not_saved(run, tmp_path):
    run.decisions["mine"] = 1
    assert "mine" not in pd.read_parquet(run.save(tmp_path / "out") / "decisions.parquet")


def test_a_run_folder_is_replaced_whole(run, tmp_path):
    folder = run.save(tmp_path / "out")
    (folder / "left-over").touch()
    run.save(folder)
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_filled(run, tmp_path):
    (tmp_path / "out").mkdir()
    assert check(run.save(tmp_path / "out"))


def test_a_link_to_a_folder_stays_a_link(run, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    run.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert check(tmp_path / "real")


@pytest.mark.parametrize("manifest", [None, "{}", '{"name": "my web page"}', "no JSON"])
def test_what_is_no_run_folder_is_left_alone(run, tmp_path, manifest):
    (tmp_path / "thesis.tex").write_text("years of work")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SettingError, match="has other things in it and is no run folder"):
        run.save(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_is_no_folder(run, tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(SettingError, match="is a file; name a folder"):
        run.save(tmp_path / "out")


def places_that_are_none(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    yield Path(), "has no name of its own"
    yield tmp_path, "has other things in it"
    yield tmp_path / "file", "is a file; name a folder"
    for place in ("file/below", "loop", "loop/below", "x" * 300, "a\0b"):
        yield tmp_path / place, "cannot be written ("
    yield Path("/proc/x"), "cannot be written ("


def test_places_that_are_none_are_told_at_once(run, tmp_path):
    for place, message in places_that_are_none(tmp_path):
        for refused in (require_place, run.save):
            with pytest.raises(SettingError) as caught:
                refused(place)
            assert str(place) in str(caught.value)
            assert message in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "loop"}


def test_asking_for_a_place_leaves_nothing_behind(run, tmp_path):
    require_place(tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []
    require_place(run.save(tmp_path / "out"))
    assert check(tmp_path / "out")


@pytest.mark.parametrize("name", ["manifest.json", "../escape", "a/b", "", ".", "..", "a\0b"])
def test_files_of_a_run_cannot_stand_in_the_way(run, tmp_path, name):
    given = Run(engine=run.engine, summary={}, tape=run.tape, files={name: ""})
    with pytest.raises(SettingError, match="give it another name"):
        given.save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("step", ["decisions.parquet", "manifest.json"])
def test_a_folder_is_written_whole_or_not_at_all(run, tmp_path, monkeypatch, step, there):
    folder = tmp_path / "out"
    before = {}
    if there:
        run.save(folder)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_args, **_options):
        raise OSError("no space left on device")

    if step == "manifest.json":
        monkeypatch.setattr("allocation.tape.folders._manifest", fail)
    else:
        monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(OSError, match="no space left"):
        run.save(folder)

    assert [path.name for path in tmp_path.iterdir()] == (["out"] if there else [])
    assert not there or {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(run, tmp_path, monkeypatch):
    folder = run.save(tmp_path / "out")
    rename = Path.rename

    def fail(self, target):
        if self.name == "new":
            raise OSError("busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="busy"):
        run.save(folder)
    assert check(folder) == len(run.decisions)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_cannot_be_loaded(run, tmp_path):
    with pytest.raises(NotFound, match="is no run folder"):
        load_run(tmp_path)
    folder = run.save(tmp_path / "out")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 2}))
    with pytest.raises(NotFound, match="has schema_version 2; this version of allocation reads 1"):
        load_run(folder)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "summary.json").write_text("{")
    with pytest.raises(
        NotFound, match=r"summary\.json is damaged: it is not JSON at line 1, column 2; save the run anew"
    ):
        load_run(folder)


@pytest.mark.parametrize("name", ["manifest.json", "summary.json", "policy.json"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b'{"format":\n "allo', "it is not JSON at line 2, column"),
        (b'{"name": "\xff"}', "it is not UTF-8 at byte 11"),
        (b"[" * 200_000, "it is nested deeper than 50 levels"),
        (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", "it is no JSON object of at most 50 levels"),
        (b"[1]", "it is no JSON object"),
        (b'{"hold": "firm", "hold": "firm"}', "the key 'hold' stands twice in one object"),
        (b'{"n": ' + b"9" * 5000 + b"}", "a number in it has thousands of digits"),
    ],
)
def test_a_damaged_file(run, tmp_path, name, content, message):
    path = run.save(tmp_path / "out") / name
    path.write_bytes(content)
    with pytest.raises(PolicyError if name == "policy.json" else NotFound) as caught:
        load_run(tmp_path / "out")
    assert str(caught.value).startswith(f"{path} is damaged: {message}")
    assert str(caught.value).endswith("; save the run anew")


def test_problems_of_the_policy_name_its_file(run, tmp_path):
    path = run.save(tmp_path / "out") / "policy.json"
    path.write_text('{"overbooking": {"rate": [1]}, "intake": {"min_days": -1}}')
    with pytest.raises(PolicyError) as caught:
        load_run(tmp_path / "out")
    assert str(caught.value) == f"{path}: 1 problem\n  overbooking.rate: [1] is no number"
    path.write_text('{"intake": {"min_days": -1}}')
    with pytest.raises(PolicyError) as caught:
        load_run(tmp_path / "out")
    assert str(caught.value).startswith(f"{path}: 1 problem\n  intake.min_days: -1 is not")


@pytest.mark.parametrize("seed", range(8))
def test_a_policy_comes_back_exactly(seed):
    policy = policy_of(random_case(seed)[0])
    assert policy_from_plain(json.loads(json.dumps(policy.as_dict()))) == policy


def test_decimals_are_those_that_are_written():
    assert policy_from_plain({"overbooking": {"rate": 1.1}}).overbooking.rate == Decimal("1.1")


def test_all_problems_of_a_policy_are_told_at_once():
    with pytest.raises(PolicyError) as caught:
        policy_from_plain({"hold": None, "queues": {}, "overbooking": {"rate": "x", "rats": 1}})
    assert {problem.path for problem in caught.value.problems} == {
        *{("hold",), ("queues",), ("overbooking", "rate"), ("overbooking", "rats")}
    }


def test_parts_of_a_policy():
    assert policy_from_plain({}) == DEFAULT_POLICY
    exact = policy_from_plain({"overbooking": {"rate": "1.150000"}, "expiration": {"max_hold_hours": None}})
    assert exact.overbooking.rate == Decimal("1.15")
    assert isinstance(exact, Policy)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"overbook": {}}, "overbook: is no part of a policy"),
        ({"overbooking": {"rat": "1"}}, "overbooking.rat: is no part of a policy"),
        ({"overbooking": {"rate": "much"}}, "overbooking.rate: 'much' is no number"),
        ({"tiers": ["VIP"]}, r"tiers: \['VIP'\] is no object with keys and values"),
        ({"overbooking": {"rate": "-1"}}, "-1 is not between 0 and 1000"),
        ({"overbooking": {"rate": [1]}}, r"overbooking.rate: \[1\] is no number"),
        ({"overbooking": {"rate": True}}, "overbooking.rate: True is no number"),
        ({"overbooking": {"rate": None}}, "overbooking.rate: null is no value here"),
        ({"tiers": {"VIP": {}}}, "tiers.VIP: {} is no number"),
        ({"intake": {"min_days": None}}, "intake.min_days: null is no value here"),
        ({"intake": {"min_days": "7"}}, "intake.min_days: '7'"),
        ({"queue": 5}, "queue: 5 is no object"),
        ({"queue": {"enabled": "no"}}, "queue.enabled: 'no'"),
        ({"release": {"fill": 5}}, "release.fill: 5"),
        ({"release": {"__pydantic_config__": {}}}, "release.__pydantic_config__: is no part of a policy"),
        ({"timezone": [1]}, r"timezone: \[1\] is no text"),
        ({"hold": "x"}, "hold: 'x'"),
        ({"hold": []}, r"hold: \[\]"),
    ],
)
def test_what_is_no_policy(data, message):
    with pytest.raises(PolicyError, match=message):
        policy_from_plain(data)
