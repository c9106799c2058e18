"""functional-bp lectures: the table, the JSON, and what it refuses."""

import json

from functional_bp import cli
from functional_bp.commands.lectures import shortened


def test_json_rows_have_what_is_promised(capsys):
    assert cli.main(["lectures", "--json", "B4", "B5"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert {"id", "status", "dimension", "side_conditions", "counterexample", "repair", "seconds"} <= set(first)
    assert (first["id"], first["status"], first["repair"]) == ("B4", "refuted", "∂z_1/∂y_2 = w_21")
    assert (second["id"], second["status"], second["dimension"]) == ("B5", "proven", "arbitrary")
    assert second["counterexample"] is None


def test_the_table_tells_of_a_refuted_claim_what_is_wrong_and_what_is_right(capsys):
    assert cli.main(["lectures", "E10"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("E10  REFUTED")
    assert "false: at eta" in out
    assert "mended: ∂L/∂w3 = −f2 f3 (1 − f3) (y − f3)" in out
    assert "1 claims: 1 refuted" in out


def test_rows_come_in_the_order_of_the_lectures(capsys):
    cli.main(["lectures", "--json", "B5", "A8"])
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["A8", "B5"]


def test_an_unknown_claim_is_refused_in_one_line(capsys):
    assert cli.main(["lectures", "Z9", "B4"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("functional-bp lectures: no claim Z9; there are A1, A2")
    assert len(captured.err.splitlines()) == 1


def test_long_numbers_are_shortened_for_the_eye_alone():
    assert shortened("left = 1/3, right = -123456789012/10") == "left = 1/3, right = ≈ -1.23457e+10"
    assert shortened("left = -8.35045988217e-05 ± 4e-45") == "left = -8.35045988217e-05 ± 4e-45"
