"""Bad input from the command line: a message that names the value and the place, the right code, nothing written."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from allocation.cli.app import main
from allocation.scenario import scenario_folder
from tests.cli.running import Run, refused

REALISTIC = (scenario_folder() / "console-realistic.yaml").read_text(encoding="utf-8")
SUPPLY = (
    '{"type":"supply","at":"2025-01-01T00:00:00Z","sku":"A","location":"B","on_hand":100,'
    '"expected":[{"date":"2025-02-01","quantity":5,"ref":"x"}]}\n'
)
PLACE = (
    '{"type":"place","at":"2025-01-02T00:00:00Z","order_id":"O-1","customer_id":"C-1","ship_date":"2025-02-01",'
    '"lines":[{"sku":"A","location":"B","quantity":1}]}\n'
)
OVERBOOKING = '{"type":"overbooking","at":"2025-01-02T00:00:00Z","sku":"A","location":"B","rate":%s}\n'


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run folder, as ``--out`` writes it."""
    folder = tmp_path_factory.mktemp("saved") / "run"
    arguments = ("simulate", "console-realistic", "--set", "demand.total=50", "--out", str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["allocation", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
    assert not left.value.code
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    copy = tmp_path / "run"
    copy.mkdir()
    for file in saved.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "policy.yaml"
    file.write_text("overbooking: {rate: 1.05}\n")
    return file


# ----- settings


@pytest.mark.parametrize(
    ("setting", "texts"),
    [
        ("supply.0.on_hand=-1", ("supply.0.on_hand", "-1 is not between 0 and 1000000000")),
        ("supply.0.on_hand=1000000001", ("1000000001 is not between",)),
        (f"supply.0.on_hand={10**30}", (str(10**30), "1000000000")),
        ("supply.0.on_hand=1.5", ("1.5 is no whole number",)),
        ("supply.0.expected.0.quantity=many", ("'many' is no whole number",)),
        ("supply.0.expected.0.date=2025-02-30", ("2025-02-30 is no day of the calendar",)),
        ("supply.0.expected.0.date=2025-11-30", ("waves out of order", ":22:", "sort them by date")),
        ("supply.0.expected.0.date=9999-12-31", ("9999-12-31 is not between the years",)),
        ("supply.0.expected.1.late.probability=1.5", ("1.5 is not between 0 and 1",)),
        ("supply.0.expected.1.short.share={uniform: [0.5, 0.1]}", ("low 0.5 is above high 0.1",)),
        ("supply.7.on_hand=5", ("7 is no entry of supply, which has 1",)),
        ("supply.-1.on_hand=5", ("-1 is no entry of supply",)),
        ("supply=[]", ("names no pool",)),
        ("demand.total=1000000000000", ("1000000000000 is not between",)),
        ("demand.mix={VIP: 0.5, STANDARD: 0.6}", ("sum to 1.1",)),
        ("demand.mix={GOLD: 1}", ("tier GOLD has no score", "VIP, STANDARD")),
        ("demand.quantities={3: 1}", ("policy.intake.max_quantity 2",)),
        ("demand.arrivals.shape=spiral", ("'spiral' is not one of uniform, launch, flash, table",)),
        ("behaviour.cancel_held.share=1.5", ("1.5 is not between 0 and 1",)),
        ("behaviour.cancel_held.share={beta: [0, 0]}", ("shapes above 0",)),
        ("economics.denied_cost={VIP: 5}", ("no cost for tier STANDARD",)),
        ("orders.opens=2025-10-16T10:00:00", ("has no offset",)),
        ("orders.opens=2025-10-19T10:00:00-04:00", ("is not after opens",)),
        ("schedule.release=[]", ("2025-11-15 has no release",)),
        ("schedule.expire.time='25:00'", ("'25:00' is no local time",)),
        ("policy.overbooking.rate=-1", ("-1 is not between 0 and 1000",)),
        ("policy.overbooking.rate=1e400", ("1E+400 is not between",)),
        ("policy.overbooking.rate=NaN", ("'NaN' is no finite number",)),
        ("policy.overbooking.rate=.inf", ("'.inf' is no number",)),
        ("policy.overbooking.rate=1.1234567", ("more than 6 decimals",)),
        ("policy.overbooking.rate=true", ("'true' is no number",)),
        ("policy.overbooking.rate.x=1", ("set policy.overbooking.rate itself",)),
        ("policy.overbooking=1.05", ("must be a section",)),
        ("policy.queue.enabled=false", ("provisional needs the queue", "console-realistic.yaml:")),
        ("policy.queue.max_depth=0", ("0 is not between 1",)),
        ("policy.intake.max_days=3", ("3 is less than min_days 7",)),
        ("policy.tiers={VIP: null, STANDARD: 50}", ("policy.tiers.VIP: nothing is no number",)),
        ("policy.timezone=../../etc/passwd", ("is no IANA time zone",)),
        ("policy.release.alert_broken_share=1.5", ("1.5 is not between 0 and 1",)),
        ("name=../../x", ("is no name of lower-case words",)),
        ("policy..rate=1", ("unknown key",)),
        ("policy.overboking.rate=1", ("did you mean overbooking",)),
        ("policy.overbooking.rate", ("is no setting; write key=value",)),
        ("policy.overbooking.rate=", ("is no setting; write key=value",)),
        ("=1", ("is no setting; write key=value",)),
        ("policy.overbooking.rate=1, 2", ("is not one value",)),
        ("policy.overbooking.rate=[", ("is not YAML",)),
        ("policy.overbooking.rate=*a", ("*a repeats another part",)),
        ("policy.overbooking.rate=!!python/name:os.system x", ("is not taken; write plain values",)),
        ("policy.overbooking.rate=" + "[" * 500, ("nested more than 24 deep",)),
        ("policy.timezone=a\0b", ("is not YAML",)),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(run: Run, setting: str, texts: tuple[str, ...]) -> None:
    refused(run("simulate", "console-realistic", "--set", setting, "--out", "out"), *texts)
    assert not Path("out").exists()


# ----- scenario files


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", (":1: is empty",)),
        (b"# nothing\n", (":1: is empty",)),
        (b"- 1\n", ("must be a mapping of sections",)),
        (REALISTIC.encode("utf-16"), (":1: is not UTF-8",)),
        (REALISTIC.replace("PlayStation 6,", "Pl\xe4y,").encode("latin-1"), (":6: is not UTF-8",)),
        (REALISTIC.replace("USD", "U\0D").encode(), ("is not YAML",)),
        (REALISTIC.replace("  opens", "\topens").encode(), (":13: is not YAML", "spaces, not tabs")),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", (":2: *a repeats another part",)),
        (b"a: " + b"[" * 2000, ("nested more than 24 deep",)),
        ((REALISTIC + "currency: EUR\n").encode(), (":80: currency: is written twice (first on line 10)",)),
        ((REALISTIC + "---\na: 1\n").encode(), (":80: holds a second document",)),
        ((REALISTIC + "extra: 1\n").encode(), (":80: extra: unknown key",)),
        (REALISTIC.replace("quantity: 10000", "quantity: -10000").encode(), (":21:", "-10000 is not between")),
        (REALISTIC.replace("rate: 1.05", "rate: 1.0500001").encode(), (":62:", "more than 6 decimals")),
        (REALISTIC.replace("currency: USD", "currency: !!python/name:os.system x").encode(), (":10: the tag",)),
        (REALISTIC[:1500].encode(), ("schedule: is missing",)),
        ((REALISTIC + "#" * 2**20).encode(), ("is larger than 1048576 bytes",)),
    ],
)
def test_a_bad_scenario_file_is_named_with_its_line(run: Run, content: bytes, texts: tuple[str, ...]) -> None:
    Path("launch.yaml").write_bytes(content)
    refused(run("simulate", "launch.yaml", "--json", "--out", "out"), "launch.yaml", *texts)
    refused(run("scenario", "show", "launch.yaml"), "launch.yaml", *texts)
    assert run("scenario", "validate", "launch.yaml").code == 3
    assert not Path("out").exists()


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + REALISTIC.encode(), REALISTIC.replace("\n", "\r\n").encode()])
def test_byte_order_marks_and_other_line_ends_are_read(run: Run, content: bytes) -> None:
    Path("launch.yaml").write_bytes(content)
    assert run("scenario", "validate", "launch.yaml").code == 0


@pytest.mark.parametrize(
    "name", ["nothing", "", ".", "/", "nothing.yaml", "/dev/null", "/dev/zero", "x" * 2000, "a\nb", "\0", "[red]", "é"]
)
def test_what_is_no_scenario_is_refused_by_name(run: Run, name: str) -> None:
    refused(run("simulate", name))


def test_validate_answers_in_json_whatever_is_wrong(run: Run) -> None:
    Path("bad.yaml").write_text("a: 1\n")
    ended = run("scenario", "validate", "--json", "bad.yaml", "nothing", "iphone-15-pro")
    assert (ended.code, ended.err) == (3, "")
    assert [bool(row["problems"]) for row in json.loads(ended.out)["results"]] == [True, True, False]


# ----- tapes


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("", (":1: the tape is empty",)),
        ("\n\n", (":1: the tape is empty",)),
        (SUPPLY + PLACE[:-20], (":2: the last line is torn",)),
        (SUPPLY + PLACE[:-20] + "\n", (":2: the line is not JSON",)),
        (SUPPLY + "\n" + PLACE, (":2: the line is blank",)),
        (SUPPLY + "[]\n", (":2: the line is no object",)),
        (SUPPLY + '{"type":"explode","at":"2025-01-02T00:00:00Z"}\n', (":2: type 'explode' is unknown",)),
        (SUPPLY + '{"type":["place"],"at":"2025-01-02T00:00:00Z"}\n', (":2: type ['place'] is unknown",)),
        (SUPPLY + PLACE.replace("2025-01-02T", "2024-12-31T"), (":2:", "2024-12-31", "is before that of the command")),
        (SUPPLY + PLACE.replace('00Z"', '00"'), (":2:", "has no offset")),
        (SUPPLY + PLACE.replace("2025-01-02T", "2025-02-30T"), (":2:", "2025-02-30T00:00:00Z")),
        (
            SUPPLY + '{"type":"expire","type":"expire","at":"2025-01-02T00:00:00Z"}\n',
            (":2: the key 'type' stands twice",),
        ),
        (SUPPLY + '{"type":"supply","at":' + "[" * 100_000 + "\n", (":2: the line is nested deeper than 50",)),
        (SUPPLY.replace("100", "NaN"), (":1: NaN is no number",)),
        (SUPPLY.replace("100", "-Infinity"), (":1: -Infinity is no number",)),
        (SUPPLY.replace("100", "1e400"), (":1:", "on_hand", "whole number")),
        (SUPPLY.replace("100", "1" * 5000), (":1:", "on_hand", "whole number")),
        (SUPPLY.replace("100", "1000000000000"), (":1:", "on_hand 1000000000000 must be from 0 to 1000000000")),
        (SUPPLY.replace("100", str(10**30)), (":1:", str(10**30))),
        (SUPPLY.replace("100", "-5"), (":1:", "on_hand -5 must be from 0")),
        (SUPPLY.replace("100", "1.5"), (":1:", "on_hand", "whole number")),
        (SUPPLY.replace("100", '"100"'), (":1:", "on_hand '100' must be a whole number")),
        (SUPPLY.replace('"quantity":5', '"quantity":-5'), (":1:", "-5 must be from 0")),
        (SUPPLY.replace("2025-02-01", "2025-02-30"), (":1:", "'2025-02-30' must be a calendar date")),
        (SUPPLY.replace('"A"', '""'), (":1:", "sku '' must be a text")),
        (SUPPLY.replace("on_hand", "onhand"), (":1:", "onhand is no field")),
        (SUPPLY + OVERBOOKING % "-1", (":2:", "rate -1 must be from 0")),
        (SUPPLY + OVERBOOKING % "1.0000001", (":2:", "more than 6 decimals")),
        (SUPPLY + OVERBOOKING % "1e400", (":2:", "rate 1E+400")),
        (SUPPLY + '{"type":"confirm","at":"2025-01-03T00:00:00Z"}\n', (":2:", "ship_date is missing")),
        (SUPPLY + "x" * (9 * 2**20) + "\n", (":2: the line is longer than 8 MiB",)),
        (SUPPLY.encode("utf-16"), (":1: the line is not UTF-8",)),
        (SUPPLY.encode() + b'{"type":"\xff"}\n', (":2: the line is not UTF-8",)),
        (gzip.compress(SUPPLY.encode())[:-9], ("gzip data stop in the middle",)),
        (gzip.compress(SUPPLY.encode())[:-8] + bytes(8), ("CRC check failed",)),
        (gzip.compress(SUPPLY.encode()) + b"more", ("cannot be read on",)),
        (gzip.compress(b" " * (9 * 2**20)), (":1: the line is longer than 8 MiB",)),
    ],
)
def test_a_bad_tape_is_named_with_its_line(
    run: Run, policy: Path, content: str | bytes, texts: tuple[str, ...]
) -> None:
    Path("tape.jsonl").write_bytes(content.encode() if isinstance(content, str) else content)
    ended = run("replay", "tape.jsonl", "--policy", policy, "--out", "out", "--json")
    refused(ended, "tape.jsonl:", *texts)
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "place",
    [
        PLACE.replace('"quantity":1', '"quantity":0'),
        PLACE.replace('"quantity":1', f'"quantity":{10**30}'),
        PLACE.replace('"lines":', '"tier":"GOLD","lines":'),
        PLACE.replace('"2025-02-01"', '"2025-02-30"'),
        PLACE.replace('"O-1"', '{"a":1}'),
        PLACE.replace('"O-1"', '"\\ud800"'),
        PLACE.replace('"A"', '["A"]'),
        PLACE.replace('"C-1"', "null"),
    ],
)
def test_a_bad_order_is_refused_and_the_tape_goes_on(run: Run, policy: Path, place: str) -> None:
    Path("tape.jsonl").write_text(SUPPLY + place + PLACE)
    ended = run("replay", "tape.jsonl", "--policy", policy, "--json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["refused"], len(answer["reservations"])) == (0, [2], 1)


@pytest.mark.parametrize("name", ["nothing.jsonl", ".", "x" * 2000, "a\nb", "/dev/null"])
def test_what_is_no_tape_is_refused_by_name(run: Run, policy: Path, name: str) -> None:
    refused(run("replay", name, "--policy", policy), name)


# ----- policies


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", (":1: is empty",)),
        (b"[]", ("must be a section of keys",)),
        (b"{", ("is not YAML",)),
        (bytes(range(128, 256)), ("is not UTF-8",)),
        (REALISTIC.encode(), ("version: unknown key",)),
        (b"hold: provisional\nqueue: {enabled: false}\n", (":1: hold: provisional needs the queue",)),
        (b"intake: {min_days: 9, max_days: 3}\n", (":1: intake.max_days: 3 is less than min_days 9",)),
        (b"overbooking:\n  rate: 1.1234567\n", (":2: overbooking.rate: 1.1234567 has more than 6 decimals",)),
        (b'{"overbooking": {"rate": 1e400}}', ("1E+400 is not between",)),
        (b'{"overbooking": {"rate": NaN}}', ("'NaN' is no finite number",)),
        (b"hold: firm\nhold: provisional\n", (":2: hold: is written twice",)),
    ],
)
def test_a_bad_policy_file_is_named_with_its_line(run: Run, content: bytes, texts: tuple[str, ...]) -> None:
    Path("tape.jsonl").write_text(SUPPLY + PLACE)
    Path("bad.yaml").write_bytes(content)
    refused(run("replay", "tape.jsonl", "--policy", "bad.yaml", "--out", "out"), "bad.yaml", *texts)
    assert not Path("out").exists()


@pytest.mark.parametrize("name", ["nothing.yaml", ".", "/dev/zero", "x" * 2000])
def test_what_is_no_policy_is_refused_by_name(run: Run, name: str) -> None:
    Path("tape.jsonl").write_text(SUPPLY + PLACE)
    refused(run("replay", "tape.jsonl", "--policy", name), name[:40])


# ----- run folders


@pytest.mark.parametrize("damage", ["missing", "empty", "half"])
@pytest.mark.parametrize(
    ("name", "code"),
    [("tape.jsonl", 3), ("policy.json", 3), ("summary.json", 3), ("manifest.json", 3), ("decisions.jsonl", 9)],
)
def test_a_damaged_run_folder_is_no_proof(run: Run, folder: Path, name: str, code: int, damage: str) -> None:
    file = folder / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
        code = 3
    else:
        file.write_bytes(b"" if damage == "empty" else content[: len(content) // 2])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    ended = run("replay", folder, "--check", "--json")
    assert (ended.code, ended.out) == (code, "")
    assert str(folder) in ended.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "text"),
    [
        ("tape.jsonl", '"C-0000001"', '"C-9999999"', 9, "tape.jsonl was changed after the run was saved"),
        ("policy.json", '"1.05"', '"1.050"', 9, "policy.json was changed after the run was saved"),
        ("decisions.jsonl", '"sequence":0,', '"sequence": 0,', 9, "decisions.jsonl was changed after"),
        ("decisions.jsonl", '"sequence":0,', '"sequence":7,', 9, "decisions.jsonl:1"),
        ("decisions.jsonl", '"sequence":0,', '"sequence":NaN,', 9, "decisions.jsonl:1"),
        ("policy.json", '"1.05"', '"1.0512345678"', 3, "more than 6 decimals"),
        ("policy.json", '"1.05"', '"NaN"', 3, "NaN is not between"),
        ("policy.json", "America/New_York", "Nowhere/At_All", 3, "is no IANA time zone"),
        ("policy.json", '"timezone"', '"time"', 3, "time: is no part of a policy"),
        ("manifest.json", '"schema_version": 1', '"schema_version": 2', 3, "has schema_version 2"),
        ("manifest.json", '"allocation-run"', '"other"', 3, "is no run folder"),
    ],
)
def test_an_edited_run_folder_is_no_proof(
    run: Run, folder: Path, name: str, old: str, new: str, code: int, text: str
) -> None:
    content = (folder / name).read_text(encoding="utf-8")
    assert old in content
    (folder / name).write_text(content.replace(old, new, 1), encoding="utf-8")
    ended = run("replay", folder, "--check")
    assert (ended.code, ended.out) == (code, "")
    assert text in ended.err


@pytest.mark.parametrize("option", [("--set", "overbooking.rate=0"), ("--policy", "policy.yaml")])
def test_another_policy_proves_nothing(run: Run, folder: Path, option: tuple[str, str]) -> None:
    Path("policy.yaml").write_text("overbooking: {rate: 0}\n")
    ended = run("replay", folder, "--check", *option, "--json")
    assert ended.code in {3, 9}
    assert ended.out == ""


# ----- where runs are written


def test_a_run_folder_is_written_nowhere_but_in_a_place_of_its_own(run: Run, policy: Path) -> None:
    Path("tape.jsonl").write_text(SUPPLY + PLACE)
    Path("file").write_text("mine")
    Path("full").mkdir()
    Path("full/precious.txt").write_text("mine")
    before = sorted(map(str, Path().rglob("*")))
    for place in ("file", "file/below", "full", ".", "", "/", "/dev/null", "/proc/run", "x" * 300):
        refused(run("replay", "tape.jsonl", "--policy", policy, "--out", place, "--json"))
    assert sorted(map(str, Path().rglob("*"))) == before
    assert Path("full/precious.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["with space", "with\nline", "ünï", "a/../b", "[red]"])
def test_a_run_folder_may_have_any_name(run: Run, policy: Path, name: str) -> None:
    Path("tape.jsonl").write_text(SUPPLY + PLACE)
    Path("a").mkdir()
    assert run("replay", "tape.jsonl", "--policy", policy, "--out", name).code == 0
    assert run("replay", name, "--check").code == 0


# ----- usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("--seed", "-1"),
        ("--seed", "text"),
        ("--seed", "1.5"),
        ("--seed", "9" * 5000),
        ("--replication", "-1"),
        ("--sed", "1"),
        ("--set",),
        ("another",),
    ],
)
def test_bad_options_end_with_usage(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run("simulate", "iphone-15-pro", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert arguments[0] in ended.err


@pytest.mark.parametrize("option", ["--seed", "--replication"])
def test_a_huge_seed_is_out_of_range(run: Run, option: str) -> None:
    refused(run("simulate", "iphone-15-pro", option, str(2**64)), str(2**64), "9223372036854775807")
