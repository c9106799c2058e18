"""The letters of the banks: sizes n, m, T; indices i j k l to n, a b to m, s t to T; p, q, r on parts of 1 … n."""

from sympy import Function, Idx, IndexedBase, KroneckerDelta, Symbol

from claims.judging import Field, dimension, index

n, m, T = dimension("n"), dimension("m"), dimension("T")
i, j, k, l = (index(name, n) for name in "ijkl")
a, b = (index(name, m) for name in "ab")
s, t, u = (index(name, T) for name in "stu")
p, p2 = (index(name, n - 1) for name in ("p", "p2"))  # 1 … n − 1
q, q2 = (index(name, n, 2) for name in ("q", "q2"))  # 2 … n
r, r2 = (index(name, n, 3) for name in ("r", "r2"))  # 3 … n
o, o2 = (index(name, n - 1, 2) for name in ("o", "o2"))  # 2 … n − 1
e = index("e", n, 0)  # 0 … n
below = index("below", i)  # 1 … i
A, B, W, V, K, Q = (IndexedBase(name) for name in "ABWVKQ")
x, y, z, d, g, w, v = (IndexedBase(name) for name in "xyzdgwv")
positive = IndexedBase("positive", positive=True)
c, h, theta, eta = (Symbol(name) for name in ("c", "h", "theta", "eta"))
beta, eps = (Symbol(name, positive=True) for name in ("beta", "epsilon"))
f, f2 = Function("f"), Function("f2")
F, G = Field("F"), Field("G")
D = KroneckerDelta


def upto(name: str, upper, lower=1) -> Idx:
    return index(name, upper, lower)


strict, inner = upto("strict", i - 1), upto("inner", k)  # 1 … i − 1 and 1 … k
