"""Proofs as records: what a certificate says, how one is written, and a checker that shares no code with the engine."""
