"""What reaches a terminal: its alphabet, no control characters, one line that is not endless, closed streams."""

import io
import os
import subprocess
import sys

import pytest

from functional_bp import cli, terminal
from functional_bp.commands import evaluate
from functional_bp.errors import InputError
from functional_bp.runs import showing


@pytest.fixture
def refuse(monkeypatch, capsys):
    def line_of(error):
        def run(args):
            raise error

        monkeypatch.setattr(evaluate, "run", run)
        code = cli.main(["evaluate", "nowhere"])
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return code, err

    return line_of


@pytest.mark.parametrize("name", ["\x1b[2Jred", "a\rb", "a\nb", "bell\a", "\u202egnp.exe", "\x9b31m", "\ud800", "\x7f"])
def test_a_file_s_name_does_not_steer_the_terminal(refuse, name):
    code, line = refuse(InputError(f"{name} does not exist"))
    assert code == 2
    assert not any(terminal.is_control(letter) for letter in line.rstrip("\n"))


def test_a_long_message_loses_its_middle(refuse):
    _, line = refuse(InputError("begin " + "x, " * 3000 + "end"))
    assert len(line) < 700
    assert "begin x" in line
    assert line.endswith("x, end\n")


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (MemoryError(), "there is not enough memory: MemoryError", 2),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.\nmore"), "there is not enough memory", 2),
        (KeyError("x"), "this should not happen; FUNCTIONAL_BP_TRACEBACK=1 shows where it did: KeyError: 'x'", 1),
    ],
)
def test_what_was_not_foreseen_is_a_line_too(refuse, error, message, code):
    found, line = refuse(error)
    assert found == code
    assert message in line


def test_its_traceback_is_shown_when_it_is_asked_for(refuse, monkeypatch):
    monkeypatch.setenv("FUNCTIONAL_BP_TRACEBACK", "1")
    with pytest.raises(KeyError):
        refuse(KeyError("x"))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8", "utf-16"])
def test_any_encoding(encoding, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.prepare()
    print("8 × 8 █ η → ȳ − ≤ …, é ♜ \udc80")
    stream.flush()
    said = stream.buffer.getvalue().decode(encoding)
    assert said.endswith("?\n")
    if encoding == "ascii":
        assert said == "8 x 8 # eta -> y_bar - <= ..., e ? ?\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams(closed, tmp_path):
    """What is opened later does not become a standard stream, into which libraries would write."""
    program = "import sys; from functional_bp.terminal import prepare; prepare(); file = open(sys.argv[1], 'w');"
    program += "sys.exit(0 if file.fileno() > 2 else 1)"
    command = f"{sys.executable} -m functional_bp derive --list {closed}; echo $? > {tmp_path}/code; "
    command += f'{sys.executable} -c "{program}" {tmp_path}/file {closed}; echo $? >> {tmp_path}/code'
    subprocess.run(["bash", "-c", command], capture_output=True)
    assert (tmp_path / "code").read_text() == "0\n0\n"


@pytest.mark.parametrize(
    ("columns", "shown"), [(40, "loss 0.1234, accuracy 0.9876"), (80, "loss 0.1234, accuracy 0.9876")]
)
def test_loss_and_accuracy_stay_visible(columns, shown):
    """On a terminal that is so wide."""
    program = "from functional_bp.runs.showing import Progress\n"
    program += (
        "with Progress(99999, 0, False) as bar: bar.show({'step': 5, 'loss': 0.1234, 'validation_accuracy': 0.9876})"
    )
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    done = subprocess.run([sys.executable, "-c", program], stderr=theirs)
    os.close(theirs)
    said = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    lines = said.replace("\n", "\r").split("\r")
    assert any("loss 0.1234, accuracy 0.9876" in line for line in lines), lines
    assert max(map(len, lines)) <= columns


def test_without_a_terminal_columns_are_those_of_the_environment(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setenv("COLUMNS", "40")
    assert showing.columns() == 40
    monkeypatch.setenv("COLUMNS", "²")
    assert showing.columns() == showing.WIDE
