"""The options of a run: the same from the command line, from config.json, and in Python."""

import argparse
import json
from dataclasses import fields

import pytest

from functional_bp.errors import InputError
from functional_bp.runs.config import Config, add_options, from_json, from_options, given_options, to_json


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_defaults():
    assert from_options(parsed()) == Config()
    assert given_options(parsed()) == []


def test_every_option_goes_to_json_and_back():
    values = {"hidden": "5,6", "task": "two", "data": "there", "batch": "all", "validation": "0.5", "keep": "9"}
    arguments = []
    for entry in fields(Config):
        arguments.append("--" + entry.name.replace("_", "-"))
        if entry.type is not bool:
            numeric = (
                str(entry.default) if isinstance(entry.default, str) else "0.25" if "float" in str(entry.type) else "3"
            )
            arguments.append(values.get(entry.name, numeric))
    config = from_options(parsed(*arguments))
    assert config.hidden == (5, 6)
    assert (config.overfit, config.gradient_norms) == (True, True)
    assert (config.clip, config.steps) == (0.25, 3)
    assert from_json(json.loads(json.dumps(to_json(config))), "here") == config
    assert len(given_options(parsed(*arguments))) == len(fields(Config))


def test_no_hidden_layers():
    assert from_options(parsed("--hidden", "")).hidden == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 1.5}, "here: --epochs must be a whole number, got 1.5"),
        ({"epochs": True}, "here: --epochs must be a whole number, got True"),
        ({"clip": "1"}, "here: --clip must be a number, got '1'"),
        ({"keep": 0}, "here: --keep must be at least 1, got 0"),
        ({"overfit": 1}, "here: --overfit must be true or false, got 1"),
        ({"hidden": [4, 1.0]}, "here: --hidden must be as 64,32, got (4, 1.0)"),
        ({"hidden": 4}, "here: --hidden must be as 64,32, got 4"),
        ({"colour": 1}, "here: colour is unknown"),
    ],
)
def test_what_config_json_must_not_say(change, message):
    with pytest.raises(InputError) as error:
        from_json(to_json(Config()) | change, "here")
    assert str(error.value) == message
    entries = to_json(Config())
    del entries["rate"]
    with pytest.raises(InputError, match="here: rate is missing"):
        from_json(entries, "here")
