"""functional-bp derive: a rule's derivation, each step judged; or the backward pass of a file's forward."""

import argparse
from pathlib import Path

from functional_bp.commands.recheck import save_certificates
from functional_bp.errors import InputError

HELP = "print the derivation of a rule, each step checked; or derive the backward pass of your forward"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a derivation (softmax), a rule or a file of several (power_product, network); or FILE.py:FUNCTION: the "
        "file is run, and of this forward, at its example_inputs(), the backward pass is derived, proven and printed",
    )
    parser.add_argument("--latex", action="store_true", help="print a LaTeX document")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="save the proofs, for functional-bp recheck")
    parser.add_argument("--emit", type=Path, metavar="OUT.py", help="write the backward pass of FILE.py:FUNCTION there")
    parser.add_argument("--list", action="store_true", help="list what there is")


def run(args: argparse.Namespace) -> int:
    from derivations.engine.document import document
    from derivations.engine.language.plain import plain
    from derivations.registry import derivations, of_file, of_rule, stems

    if args.list:
        width = max(map(len, derivations()))
        for name, derivation in derivations().items():
            print(f"{name:<{width}}  {plain(derivation.result)}")
        return 0
    if args.name is None:
        raise InputError("a name is needed; --list shows what there is")
    if ".py" in args.name:
        return derive_from_code(args)
    if args.name in derivations():
        introduction, chosen = "", (derivations()[args.name],)
    else:
        introduction, chosen = of_file(args.name) if args.name in stems() else ("", of_rule(args.name))
    if not chosen:
        raise InputError(f"no derivation {args.name!r}; there are {', '.join(derivations())}")
    checks = [derivation.check() for derivation in chosen]
    if args.certificate:
        steps = (
            (f"{derivation.name}, step {number}", verdict.proof)
            for derivation, check in zip(chosen, checks, strict=True)
            for number, verdict in enumerate(check.verdicts, start=1)
            if verdict
        )
        save_certificates(args.certificate, dict(steps))
    if args.latex:
        print(document(introduction, chosen, checks))
    else:
        texts = [text(derivation, check) for derivation, check in zip(chosen, checks, strict=True)]
        print("\n\n".join(filter(None, [introduction.strip(), *texts])))
    return 0 if all(checks) else 1


def derive_from_code(args: argparse.Namespace) -> int:
    """FILE.py:FUNCTION: the formulas, the source and the proof; exit code 0 if it is proven."""
    from derivations.reading import derive_backward
    from functional_bp.checking import assert_backward
    from functional_bp.checking.files import example_inputs, inputs_of, run_file

    path, _, name = args.name.rpartition(":") if ".py:" in args.name else (args.name, "", "forward")
    contents = run_file(Path(path))
    if not callable(contents.get(name)):
        raise InputError(f"{path}: no function {name!r}")
    inputs = inputs_of(path, name.removesuffix("_forward"), example_inputs(path, contents), 1)
    found = derive_backward(contents[name], *inputs)
    print(found.latex() if args.latex else found)
    if args.emit is not None and found.proofs.proven:
        assert_backward(
            contents[name], found.backward, *inputs
        )  # what is proven over the reals is tried in floats, too
        try:
            args.emit.write_text(found.source)
        except OSError as error:
            raise InputError(f"{args.emit} can't be written: {error.strerror}") from error
    return 0 if found.proofs.proven else 1


def text(derivation, check) -> str:
    """The derivation, the outcome of its check, and what is possible at its kink."""
    from derivations.engine.language.plain import plain
    from derivations.registry import kinks

    lines = [derivation.unicode(), str(check)]
    kink = kinks().get(derivation.name)
    if kink is not None:
        lines.append(f"at {plain(kink.variable)} = {plain(kink.at)} the Clarke interval is {kink.interval_text}")
    return "\n".join(lines)
