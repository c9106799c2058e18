"""The tables: one line a claim, each looked at by `decide` before any prover sees it."""
