"""The reader of YAML: exact numbers, lines, and nothing that surprises."""

import time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.engine.errors import ScenarioError
from allocation.scenario import parse_scenario
from allocation.scenario.yaml_text import read_yaml

AT_ONCE_S = 30
"""Of this process alone. What is not refused before it is unfolded takes hours, or all memory."""


def read(text):
    return read_yaml(text, "x.yaml").data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.15", Decimal("1.15")),
        ("1.1500000000001", Decimal("1.1500000000001")),
        ("1e3", Decimal(1000)),
        (".5", Decimal("0.5")),
        ("-7", -7),
        ("007", 7),
        ("'7'", "7"),
        ("2025-11-15", "2025-11-15"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("true", "true"),
        ("False", "false"),
        ("yes", "yes"),
        ("~", None),
        ("null", None),
        ("!!str 5", "5"),
        ("9" * 41, "9" * 41),
    ],
)
def test_scalars_are_read_as_written(text, value):
    found = read(f"[{text}]")[0]
    assert found == value
    assert type(found) is type(value)


def test_every_key_and_item_has_its_line():
    document = read_yaml("a:\n  b: 1\n  c:\n    - x\n    - {d: 2,\n       e: 3}\n", "x.yaml")
    assert document.data == {"a": {"b": 1, "c": ["x", {"d": 2, "e": 3}]}}
    assert document.lines == {
        (): 1, ("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", "0"): 4, ("a", "c", "1"): 5,
        ("a", "c", "1", "d"): 5, ("a", "c", "1", "e"): 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty"),
        ("# nothing\n", 1, "is empty"),
        ("a: 1\n---\nb: 2\n", 2, "holds a second document"),
        ("a: &x 1\nb: *x\n", 2, "*x repeats another part of the file; write it out"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "python/object:os.system is not taken"),
        ("a: 1\nb: !secret x\n", 2, "the tag !secret is not taken"),
        ("a: 1\n? [1, 2]\n: x\n", 2, "a key must be one word or number"),
        ("a:\n\tb: 1\n", 2, "indent with spaces, not tabs"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "is not YAML"),
        ("a: 'open\n", 2, "is not YAML"),
        ("a: 1\n b: 2\n", 2, "is not YAML"),
        ('a: "\\UFFFFFFFF"\n', 1, "is not YAML"),
        ("a: \x00\n", 1, "is not YAML"),
        ("[" * 500, 1, "is nested more than 24 deep"),
        ("a" * (2**20 + 1), 1, "has more than 1048576 characters"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_at_its_line(text, line, message):
    with pytest.raises(ScenarioError) as caught:
        read(text)
    assert str(caught.value.problems[0]).startswith(f"x.yaml:{line}: ")
    assert message in str(caught.value)


def test_a_bomb_is_refused_at_once():
    layers = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    begin = time.process_time()
    with pytest.raises(ScenarioError, match="repeats another part"):
        read(f"l0: &l0 [lol, lol]\n{layers}\n")
    with pytest.raises(ScenarioError, match="nested more than"):
        read("[" * 1_000_000)
    with pytest.raises(ScenarioError, match="nested more than"):
        read("{a: " * 200_000)
    assert time.process_time() - begin < AT_ONCE_S


def test_numbers_beyond_reason_are_refused_at_once(launch, problems):
    begin = time.process_time()
    for number in ("1" * 100_000, "1e999999999", "0." + "1" * 100_000, "-1e-999"):
        found = problems(
            launch.replace("margin: 90", f"margin: {number}").replace("quantity: 50", f"quantity: {number}")
        )
        assert {line.split(": ")[0] for line in found} == {"x.yaml:10", "x.yaml:23"}
        assert all(len(line) < 300 for line in found)
    assert time.process_time() - begin < AT_ONCE_S


@given(st.text(alphabet=st.characters(), max_size=60))
def test_junk_raises_nothing_but_a_scenario_error(text):
    with pytest.raises(ScenarioError):
        parse_scenario(text)


@given(st.text(alphabet="{}[]:,-?!&*#|>%@`'\"\\ \n\tax1.~<=", max_size=40))
def test_broken_syntax_raises_nothing_but_a_scenario_error(text):
    with pytest.raises(ScenarioError):
        parse_scenario(text)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_raises_nothing_but_a_scenario_error(launch, data):
    at = data.draw(st.integers(0, len(launch) - 1))
    length = data.draw(st.integers(0, 30))
    junk = data.draw(st.text(alphabet="{}[]:,- \n0123456789.exVIP~", max_size=12))
    text = launch[:at] + junk + launch[at + length :]
    # A harmless change may leave it valid; whatever is wrong has a place.
    try:
        problems = parse_scenario(text) and ()
    except ScenarioError as error:
        problems = error.problems
    assert all(problem.place for problem in problems)
