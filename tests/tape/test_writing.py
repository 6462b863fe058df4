import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.tape import read_tape, write_tape
from allocation.tape.spelling import json_text

COMMANDS = [
    {"type": "supply", "at": "2025-01-01T00:00:00Z", "sku": "Zürich 🎮", "expected": [{"quantity": 1}]},
    {"type": "overbooking", "rate": Decimal("1.0500"), "none": None, "yes": True},
]


@pytest.mark.parametrize("name", ["tape.jsonl", "tape.jsonl.gz"])
def test_what_is_written_is_read(tmp_path, name):
    write_tape(tmp_path / name, iter(COMMANDS))
    assert [command for _, command in read_tape(tmp_path / name)] == COMMANDS
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_one_line_a_command(tmp_path):
    path = tmp_path / "tape.jsonl"
    write_tape(path, COMMANDS[1:])
    assert path.read_bytes() == b'{"type":"overbooking","rate":1.0500,"none":null,"yes":true}\n'


def test_compressed_bytes_tell_of_the_commands_alone(tmp_path):
    write_tape(tmp_path / "a.gz", COMMANDS)
    write_tape(tmp_path / "b.gz", COMMANDS)
    packed = (tmp_path / "a.gz").read_bytes()
    assert packed == (tmp_path / "b.gz").read_bytes()
    # No flags (so no name), no time.
    assert packed[3:8] == bytes(5)
    assert gzip.decompress(packed).count(b"\n") == 2


@pytest.mark.parametrize("name", ["tape.jsonl", "tape.jsonl.gz"])
@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_half_written(tmp_path, name, there):
    path = tmp_path / name
    if there:
        path.write_text("as it was")

    def commands():
        yield from COMMANDS * 1000
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        write_tape(path, commands())

    assert [found.name for found in tmp_path.iterdir()] == ([name] if there else [])
    assert not there or path.read_text() == "as it was"


def test_a_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "other").touch()
    write_tape(tmp_path / "tape.jsonl", COMMANDS)
    assert (tmp_path / "tape.jsonl").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("text", TypeError),
        ({"rate": float("nan")}, ValueError),
        ({"rate": Decimal("NaN")}, ValueError),
        ({"rate": Decimal("Infinity")}, ValueError),
        ({"tags": {1, 2}}, TypeError),
        ({"rate": Decimal(1), 7: "seven"}, TypeError),
        ({"at": datetime(2025, 1, 1)}, ValueError),  # noqa: DTZ001 - that is what is wrong with it
    ],
)
def test_what_has_no_spelling(tmp_path, command, error):
    with pytest.raises(error):
        write_tape(tmp_path / "tape.jsonl", [command])
    assert list(tmp_path.iterdir()) == []


def test_spellings():
    value = MappingProxyType({"at": datetime(2025, 1, 1, tzinfo=UTC), "day": date(2025, 1, 2), "n": np.int64(3)})
    assert json_text(value) == '{"at":"2025-01-01T00:00:00Z","day":"2025-01-02","n":3}'
    assert json_text([Decimal("1E+3"), (Decimal("-0.50"), 1.5)]) == "[1E+3,[-0.50,1.5]]"
    assert json_text("é") == '"\\u00e9"'


numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | st.text() | numbers, lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@settings(max_examples=40)
@given(commands=st.lists(st.dictionaries(st.text(), values), min_size=1, max_size=3))
def test_any_commands_come_back_exactly(tmp_path_factory, commands):
    path = tmp_path_factory.mktemp("tape") / "tape.jsonl"
    write_tape(path, commands)
    found = [command for _, command in read_tape(path)]
    assert found == commands
    # Equal numbers may have other digits, 1.0 and 1.00; these have not.
    assert [json_text(command) for command in found] == [json_text(command) for command in commands]
