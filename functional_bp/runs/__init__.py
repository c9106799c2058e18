"""Runs: what stands between the command `train` and the loop. Options, tasks, run folders, pictures, supervision.

What needs no JAX (options, supervision) imports none, so that the command line answers at once.
"""
