"""The forward as a program: compiled, run step by step, and read for what its author wrote."""
