"""The command line as a whole: help without JAX, one line and exit code 2 for what cannot be used."""

import os
import subprocess
import sys

import pytest

from functional_bp import cli
from functional_bp.errors import InputError


def test_help_and_the_package_load_neither_jax_nor_sympy():
    program = (
        "import sys, functional_bp\n"
        "from functional_bp.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "heavy = {'jax', 'sympy', 'numpy', 'optax'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "train" in done.stdout


def test_every_command_explains_itself(capsys):
    commands = cli.parser()._subparsers._group_actions[0].choices  # pyright: ignore
    assert commands
    for name in commands:
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0
        assert len(capsys.readouterr().out.splitlines()) > 3


def test_input_that_cannot_be_used_is_one_line_and_exit_code_2(monkeypatch, capsys):
    def refuse(args):
        raise InputError("expected digits, got letters")

    from functional_bp.commands import evaluate

    monkeypatch.setattr(evaluate, "run", refuse)
    assert cli.main(["evaluate", "nowhere"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "functional-bp evaluate: expected digits, got letters\n"
    assert captured.out == ""


def test_an_unknown_command_is_refused():
    with pytest.raises(SystemExit) as stop:
        cli.main(["fly"])
    assert stop.value.code == 2


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m functional_bp.cli derive --list | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_a_full_disk_is_said_in_a_line():
    command = f"{sys.executable} -m functional_bp.cli derive softmax > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("No space left on device")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", cli.SHELLS)
def test_a_shell_completes_commands_and_options(shell, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--print-completion", shell])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for word in ("train", "predict", "checkpoint-every", "print-completion"):
        assert word in printed


def test_completion_without_its_library_is_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as stop:
        cli.main(["--print-completion", "bash"])
    assert stop.value.code == 2
    assert "pip install 'functional-bp[completion]'" in capsys.readouterr().err
