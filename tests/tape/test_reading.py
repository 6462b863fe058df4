import gzip
import io
import json
from decimal import Decimal

import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.errors import TapeError
from allocation.engine.policy import Policy
from allocation.tape import read_tape, reading

GOOD = b'{"type":"expire","at":"2025-01-31T18:00:00Z"}\n'


@pytest.fixture(params=["tape.jsonl", "tape.jsonl.gz", "gzip-without-its-suffix"])
def written(request, tmp_path):
    """Writes bytes as a tape, plain or compressed."""

    def write(content):
        path = tmp_path / request.param
        path.write_bytes(content if request.param == "tape.jsonl" else gzip.compress(content))
        return path

    return write


def problem_of(path):
    with pytest.raises(TapeError) as caught:
        list(read_tape(path))
    (problem,) = caught.value.problems
    return problem


def test_lines_and_commands(written):
    commands = list(read_tape(written(GOOD + b'{"type":"pay"}\r\n')))
    assert commands == [(1, json.loads(GOOD)), (2, {"type": "pay"})]


def test_a_valid_last_line_needs_no_line_end(written):
    assert len(list(read_tape(written(GOOD + GOOD.rstrip())))) == 2


def test_blank_lines_at_the_end_are_nothing(written):
    assert len(list(read_tape(written(GOOD + b"\n\n")))) == 1


def test_a_byte_order_mark_is_no_part_of_the_tape(written):
    assert len(list(read_tape(written(b"\xef\xbb\xbf" + GOOD)))) == 1


def test_the_content_tells_whether_it_is_compressed(tmp_path):
    path = tmp_path / "plain.gz"
    path.write_bytes(GOOD)
    assert len(list(read_tape(path))) == 1


def test_numbers_are_exact(written):
    path = written(b'{"rate":1.1500000000000000000000000001,"n":123456789012345678901234567890,"e":1e400}\n')
    ((_, command),) = read_tape(path)
    assert command == {
        "rate": Decimal("1.1500000000000000000000000001"),
        "n": 123456789012345678901234567890,
        "e": Decimal("1e400"),
    }


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1e99999999999999999999", "1e-99999999999999999999"])
def test_numbers_of_any_size_are_refused_with_their_order_only(written, number):
    place = (
        '{"type":"place","at":"2025-01-01T00:00:00Z","order_id":"O","customer_id":"C","ship_date":"2025-02-01",'
        '"lines":[{"sku":"S","location":"L","quantity":%s}]}\n'
    )
    ((_, command),) = read_tape(written((place % number).encode()))
    assert AllocationEngine(Policy()).apply(command).refused


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"supply 3 units\n", "not JSON (Expecting value, column 1); write one command a line"),
        (b'{"type":"pay",}\n', "not JSON ("),
        (b"{}{}\n", "not JSON (Extra data, column 3)"),
        (b"[1]\n", "the line is no object; write a command such as"),
        (b"null\n", "the line is no object"),
        (b'{"rate":NaN}\n', "NaN is no number in JSON; write a number"),
        (b'{"rate":-Infinity}\n', "-Infinity is no number in JSON"),
        (b'{"lines":[{"sku":"A","sku":"B"}]}\n', "the key 'sku' stands twice in one object; keep one"),
        (b'{"sku":"\xff"}\n', "the line is not UTF-8 (byte 9); save the tape as UTF-8"),
        (b'{"a":' + b"[" * 60 + b"]" * 60 + b"}\n", "nested deeper than 50 levels"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "nested deeper than 50 levels"),
        (b"\n", "the line is blank; every line is a command, so take it out"),
        (b"  \t\n", "the line is blank"),
    ],
)
def test_a_line_that_is_no_command(written, line, message):
    path = written(GOOD + GOOD + line + GOOD)
    problem = problem_of(path)
    assert problem.place == f"{path}:3"
    assert message in problem.message


@pytest.mark.parametrize("tail", [b'{"type":"exp', b'{"sku":"Z\xc3', b"{"])
def test_a_torn_last_line(written, tail):
    path = written(GOOD + tail)
    problem = problem_of(path)
    assert problem.place == f"{path}:2"
    assert "the last line is torn" in problem.message


def test_a_broken_line_with_a_line_end_is_not_torn(written):
    assert "torn" not in problem_of(written(GOOD + b'{"type":"exp\n')).message


@pytest.mark.parametrize("count", [3, 300_000])
def test_line_ends_that_are_not_lf(written, count):
    path = written(GOOD.replace(b"\n", b"\r") * count)
    problem = problem_of(path)
    assert problem.place == f"{path}:1"
    assert "the line ends are CR, not LF" in problem.message


@pytest.mark.parametrize("content", [b"", b"\n", b"\n \n\n"])
def test_an_empty_tape(written, content):
    path = written(content)
    problem = problem_of(path)
    assert problem.place == f"{path}:1"
    assert "the tape is empty; it needs at least one command" in problem.message


def test_a_line_that_is_too_long(written):
    longest = b'{"a":"' + b"x" * (reading.LINE_BYTES_MAX - 8) + b'"}'
    assert len(list(read_tape(written(longest + b"\n")))) == 1
    path = written(GOOD + longest + b" \n")
    problem = problem_of(path)
    assert problem.place == f"{path}:2"
    assert "the line is longer than 8 MiB" in problem.message


def test_files_that_cannot_be_opened_are_told_at_once(tmp_path):
    with pytest.raises(TapeError) as caught:
        read_tape(tmp_path / "none.jsonl")
    assert str(caught.value) == f"{tmp_path / 'none.jsonl'}: there is no such file; give the path of a tape"
    with pytest.raises(TapeError) as caught:
        read_tape(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: this is a folder; give the path of a tape")


def test_a_file_that_opens_but_cannot_be_read(monkeypatch, tmp_path):
    path = tmp_path / "tape.jsonl"
    path.write_bytes(GOOD)

    class Broken(io.FileIO):
        def readinto(self, buffer):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(type(path), "open", lambda self, mode: io.BufferedReader(Broken(self)))
    with pytest.raises(TapeError) as caught:
        read_tape(path)
    assert str(caught.value) == f"{path}: the file cannot be read (Input/output error); give the path of a tape"


def test_a_compressed_file_that_was_cut_off(tmp_path):
    path = tmp_path / "tape.gz"
    content = b"".join(b'{"type":"pay","order_id":"%d"}\n' % (n * 7919) for n in range(50_000))
    path.write_bytes(gzip.compress(content)[:-200])
    problem = problem_of(path)
    line = int(problem.place.removeprefix(f"{path}:"))
    assert line > 1000
    assert "the gzip data stop in the middle" in problem.message


@pytest.mark.parametrize("damage", ["checksum", "data"])
def test_a_damaged_compressed_file(tmp_path, damage):
    path = tmp_path / "tape.gz"
    packed = bytearray(gzip.compress(GOOD * 3))
    packed[-6 if damage == "checksum" else 14] ^= 0xFF
    path.write_bytes(packed)
    problem = problem_of(path)
    assert problem.place.startswith(f"{path}:")
    assert "the file cannot be read on" in problem.message


def test_lines_are_read_when_they_are_asked_for(monkeypatch, tmp_path):
    path = tmp_path / "tape.jsonl"
    path.write_bytes(GOOD * 200_000)
    asked = []

    class Counting(io.FileIO):
        def readinto(self, buffer):
            asked.append(len(buffer))
            return super().readinto(buffer)

    monkeypatch.setattr(type(path), "open", lambda self, mode: io.BufferedReader(Counting(self)))
    commands = read_tape(path)
    assert next(commands)[0] == 1
    assert next(commands)[0] == 2
    # Of nine megabytes, a buffer or two.
    assert sum(asked) < 100_000
    assert sum(1 for _ in commands) == 199_998


def test_what_comes_before_a_broken_line_is_given(written):
    commands = read_tape(written(GOOD + b"broken\n"))
    assert next(commands)[0] == 1
    with pytest.raises(TapeError):
        next(commands)


def test_a_reader_that_is_given_up_closes_its_file(tmp_path):
    path = tmp_path / "tape.jsonl"
    path.write_bytes(GOOD)
    # An unclosed file would be a ResourceWarning, and every warning is an error.
    read_tape(path)
    assert next(read_tape(path))[0] == 1
