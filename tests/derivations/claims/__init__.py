"""The outside judge of the prover: banks of claims, a generator of random ones, and an evaluator of its own.

`decide` tells what a claim is worth at concrete sizes and entries by `docs/semantics.md` alone; nothing in it comes
from `derivations.engine`. Only `judging` knows how the prover is asked.
"""
