"""The options for many devices and processes: what they give, and what does not go together."""

import argparse

import pytest

from functional_bp.errors import InputError
from functional_bp.runs import scaling


def options(*arguments):
    parser = argparse.ArgumentParser()
    scaling.add_arguments(parser)
    return parser.parse_args(arguments)


def test_without_options_there_is_no_layout():
    assert scaling.layout_of(options()) is None


def test_one_device_is_a_mesh_of_one():
    assert scaling.layout_of(options("--devices", "1")).mesh.size == 1


def test_what_is_kept_for_the_same_run_again():
    args = options("--devices", "4", "--layout", "full", "--coordinator", "127.0.0.1:1", "--process", "1")
    assert scaling.kept(args) == ["--devices", "4", "--layout", "full"]
    assert scaling.kept(options()) == ["--layout", "data"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--layout", "full"], "--layout full needs --devices"),
        (["--devices", "0"], "--devices must be a multiple of the 1 processes, got 0"),
        (["--devices", "1", "--layout", "rows"], "unknown layout 'rows': expected one of data, explicit, tensor, full"),
        (["--devices", "1000"], "1000 devices were asked for, there are [0-9]+"),
        (["--processes", "2"], "--coordinator, --process and --processes go together"),
        (["--cluster", "--process", "2"], "give none of them"),
    ],
)
def test_options_that_do_not_go_together(arguments, error):
    with pytest.raises(InputError, match=error):
        scaling.layout_of(options(*arguments))
