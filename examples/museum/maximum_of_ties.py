"""A maximum that gives the whole gradient to each of several equal elements.

https://github.com/Theano/Theano/issues/4568: for x = (1, 1) the gradient was (1, 1). It may be anything between (1,
0) and (0, 1), but its sum is 1.
"""

import numpy as np

LIVED = "open since 2016"
TRIGGER, SAID = "equal elements", r"tie|equal|shared maximum"
KINDS = {"subgradient", "few elements"}


def forward(x):
    return x.max(-1)


def wrong(primals, y_bar):
    (x,) = primals
    return ((x == x.max(-1, keepdims=True)) * y_bar[:, None],)


def backward(primals, y_bar):
    (x,) = primals
    ties = x == x.max(-1, keepdims=True)
    return (ties * (y_bar / ties.sum(-1))[:, None],)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
