"""What does not fit is refused in one line, before anything is allocated."""

import subprocess
import sys

import pytest

from functional_bp.cli import main
from functional_bp.runs import memory


@pytest.mark.parametrize("hidden", ["4294967296", "2147483647", "100000,1000000", "9" * 400, "9" * 5000])
def test_a_network_that_fits_no_machine(hidden, tmp_path, capsys):
    assert main(["train", "--hidden", hidden, "--out", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "parameters: to train them takes" in line or "--hidden must be" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(memory.resource is None, reason="a limit on addresses is that of POSIX")
@pytest.mark.parametrize("limit", [600_000, 1_500_000])
def test_under_a_limit_on_addresses(limit, tmp_path):
    command = f"ulimit -v {limit}; {sys.executable} -m functional_bp train --out {tmp_path}/run"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is not enough memory" in done.stderr
    assert done.stderr.count("\n") == 1
