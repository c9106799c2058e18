"""F. Whole networks."""

from sympy import Derivative, Function, IndexedBase, KroneckerDelta, Symbol

from derivations import Field, dimension, equation, index, prime, total
from derivations.lectures.claim import Claim, Equality, Layout

# K's perceptron: one number a layer
x, b = Symbol("x"), Symbol("b")
w1, w2, w3, a1, a2, a3, h1, h2, h3, L = (Symbol(s) for s in ("w1", "w2", "w3", "a1", "a2", "a3", "f1", "f2", "f3", "L"))
f1, f2, f3, loss_of = Function("f1"), Function("f2"), Function("f3"), Function("L")
perceptron = (
    equation(a1, w1 * x + b),
    equation(h1, f1(a1)),
    equation(a2, w2 * h1),
    equation(h2, f2(a2)),
    equation(a3, w3 * h2),
    equation(h3, f3(a3)),
    equation(L, loss_of(h3)),
)
dL_df3, df3_da3, da3_df2 = Derivative(L, h3), Derivative(h3, a3), Derivative(a3, h2)
df2_da2, da2_df1, df1_da1 = Derivative(h2, a2), Derivative(a2, h1), Derivative(h1, a1)
da3_dw3, da2_dw2, da1_dw1, da1_db = Derivative(a3, w3), Derivative(a2, w2), Derivative(a1, w1), Derivative(a1, b)
K1 = Equality(Derivative(L, w1), dL_df3 * df3_da3 * da3_df2 * df2_da2 * da2_df1 * df1_da1 * da1_dw1, perceptron)
K2 = Equality(Derivative(L, w2), dL_df3 * df3_da3 * da3_df2 * df2_da2 * da2_dw2, perceptron)

# E's network of one number a layer: layer l with any function G of its output above it (G is the rest of the network
# and the loss; it is what the layers above are by the very same claim), and three layers written out.
w, w0, z, a, below, f, G = (
    Symbol("w"),
    Symbol("w0"),
    Symbol("z"),
    Symbol("a"),
    Symbol("a_below"),
    Function("f"),
    Function("L"),
)
one_layer = (equation(z, w * below + w0), equation(a, f(z)), equation(L, G(a)))
v1, v2, v3 = Symbol("v1"), Symbol("v2"), Symbol("v3")
three_layers = (
    equation(a1, w1 * x + v1),
    equation(h1, f1(a1)),
    equation(a2, w2 * h1 + v2),
    equation(h2, f2(a2)),
    equation(a3, w3 * h2 + v3),
    equation(h3, f3(a3)),
    equation(L, loss_of(h3)),
)

# layers of any width: x (n) → z_1, h_1 (m) → z_2, h_2 (p) → z_3, h_3 (q)
n, m, p, q = (dimension(s) for s in "nmpq")
i, i_ = index("i", n), index("i'", n)
j, j_, r = index("j", m), index("j'", m), index("r", m)
k, k_ = index("k", p), index("k'", p)
l, l_ = index("l", q), index("l'", q)
X, W, B, Z, H, u = (IndexedBase(s) for s in ("x", "W", "b", "z", "h", "u"))
W2, B2, Z2, H2, W3, B3, Z3, H3 = (IndexedBase(s) for s in ("W2", "b2", "z2", "h2", "W3", "b3", "z3", "h3"))
affine = equation(Z[j], total(W[j, i] * X[i], i) + B[j])
s = Symbol("s")

# K: s = uᵀ h
score = (affine, equation(H[j], f(Z[j])), equation(s, total(u[j] * H[j], j)))
deep_score = (
    *score[:2],
    equation(Z2[k], total(W2[k, j] * H[j], j) + B2[k]),
    equation(H2[k], f(Z2[k])),
    equation(Z3[l], total(W3[l, k] * H2[k], k) + B3[l]),
    equation(H3[l], f(Z3[l])),
    equation(s, total(u[l] * H3[l], l)),
)
down_to_z2 = total(u[l] * prime(f)(Z3[l]) * W3[l, k], l) * prime(f)(Z2[k])

# C, U: a layer z = W x + b, y = F(z) with any vector activation F and any loss D of y
F, D, loss, Y, g, z_row = (
    Field("F"),
    Field("D"),
    Symbol("loss"),
    IndexedBase("y"),
    IndexedBase("g"),
    IndexedBase("z_row"),
)
activation = equation(Y[k], F[k](Z[j], j))
to_D = equation(loss, D[()](Y[k], k))
from_above = equation(g[k], prime(D)[k](Y[k_], k_))  # ∇_y D
after_activation = equation(z_row[j], total(g[k] * prime(F)[k, j](Z[j_], j_), k))  # ∇_z D
layer = (affine, activation, to_D, from_above, after_activation)

# C in scalars: y_j = f(z_j), and the layer above takes y to any D
scalar_layer = (affine, equation(Y[j], f(Z[j])), equation(loss, D[()](Y[j], j)))
y_dot = prime(D)[j](Y[j_], j_)
z_dot = y_dot * prime(f)(Z[j])

# E: Z = Wᵀ A + W0 with W[in, out], A^l = f(Z^l); a column's gradient is a column
A, V, V0, above = IndexedBase("A"), IndexedBase("W"), IndexedBase("W0"), IndexedBase("Z_above")
denominator = (
    equation(Z[j], total(V[i, j] * X[i], i) + V0[j]),
    equation(A[j], f(Z[j])),
    equation(loss, D[()](A[j], j)),
)
dL_dA = prime(D)[j](A[j_], j_)
dL_dZ = prime(f)(Z[j]) * dL_dA
next_layer = (equation(above[k], total(W2[j, k] * A[j], j) + B2[k]), equation(loss, D[()](above[k], k)))
# as matrices of one column
c, A_column, Z_column = index("c", 1), IndexedBase("A_column"), IndexedBase("dL_dZ")

CLAIMS = (
    Claim(
        "F1",
        "K",
        "y = f3(w3 f2(w2 f1(w1 x + b1))): ∂L/∂w3 = (∂L/∂f3)(∂f3/∂a3)(∂a3/∂w3)",
        (Equality(Derivative(L, w3), dL_df3 * df3_da3 * da3_dw3, perceptron),),
    ),
    Claim("F2", "K", "∂L/∂w2 = (∂L/∂f3)(∂f3/∂a3)(∂a3/∂f2)(∂f2/∂a2)(∂a2/∂w2)", (K2,)),
    Claim(
        "F3",
        "K",
        "∂L/∂w1 = (∂L/∂f3)(∂f3/∂a3)(∂a3/∂f2)(∂f2/∂a2)(∂a2/∂f1)(∂f1/∂a1)(∂a1/∂w1), and ∂L/∂b with ∂a1/∂b",
        (
            K1,
            Equality(Derivative(L, b), dL_df3 * df3_da3 * da3_df2 * df2_da2 * da2_df1 * df1_da1 * da1_db, perceptron),
        ),
    ),
    Claim(
        "F4",
        "K",
        "“2. Update” slide: ∂L/∂w2 = (∂L/∂f3)(∂f3/∂a3)(∂f2/∂a2)(∂a2/∂w2)",
        (Equality(Derivative(L, w2), dL_df3 * df3_da3 * df2_da2 * da2_dw2, perceptron, mended=(K2,)),),
    ),
    Claim(
        "F5",
        "K",
        "“2. Update” slide: ∂L/∂w1 = (∂L/∂f3)(∂f3/∂a3)(∂f2/∂a2)(∂f1/∂a1)(∂a1/∂w1)",
        (Equality(Derivative(L, w1), dL_df3 * df3_da3 * df2_da2 * df1_da1 * da1_dw1, perceptron, mended=(K1,)),),
    ),
    Claim(
        "F6",
        "E 7.30",
        "∂L/∂w^l = (∂L/∂a^L)·((f^L)′(z^L) w^L)·((f^{L−1})′(z^{L−1}) w^{L−1}) ⋯ ((f^l)′(z^l) a^{l−1})",
        (
            # by induction: under any L(a^l) the layer appends f′(z) w for the layer below and ends with f′(z) a^{l−1}
            Equality(Derivative(L, below), prime(G)(a) * (prime(f)(z) * w), one_layer),
            Equality(Derivative(L, w), prime(G)(a) * (prime(f)(z) * below), one_layer),
            Equality(
                Derivative(L, w1),
                prime(loss_of)(h3) * (prime(f3)(a3) * w3) * (prime(f2)(a2) * w2) * (prime(f1)(a1) * x),
                three_layers,
            ),
        ),
    ),
    Claim(
        "F7",
        "K",
        "s = uᵀh, h = f(z), z = Wx + b: ∂s/∂b = uᵀ diag(f′(z)) I = uᵀ ⊙ f′(z); likewise ∂s/∂W, ∂s/∂x, and "
        "the three-layer net",
        (
            Equality(Derivative(s, B[j]), total(u[j_] * KroneckerDelta(j_, j) * prime(f)(Z[j]), j_), score),
            Equality(Derivative(s, B[j]), u[j] * prime(f)(Z[j]), score),
            Equality(Derivative(s, W[j, i]), u[j] * prime(f)(Z[j]) * X[i], score),
            Equality(Derivative(s, X[i]), total(u[j] * prime(f)(Z[j]) * W[j, i], j), score),
            Equality(Derivative(s, B3[l]), u[l] * prime(f)(Z3[l]), deep_score),
            Equality(Derivative(s, B2[k]), down_to_z2, deep_score),
            Equality(Derivative(s, B[j]), total(down_to_z2 * W2[k, j], k) * prime(f)(Z[j]), deep_score),
        ),
    ),
    Claim(
        "F8",
        "C, U",
        "∇_{z_k} D = ∇_{y_k} D · J_{y_k}(z_k); ∇_{y_{k−1}} D = ∇_{z_k} D · W_k; ∇_{W_k} D = y_{k−1} "
        "∇_{z_k} D; ∇_{b_k} D = ∇_{z_k} D; also the gradient with respect to the input x",
        (
            Equality(Derivative(loss, Z[j]), z_row[j], layer[1:]),
            Equality(Derivative(loss, X[i]), total(z_row[j] * W[j, i], j), layer),
            Layout(
                stated=Equality(Derivative(loss, W[j, i]), X[i] * z_row[j], layer),
                ours=Equality(Derivative(loss, W[i, j]), X[i] * z_row[j], layer),
            ),
            Equality(Derivative(loss, B[j]), z_row[j], layer),
        ),
    ),
    Claim(
        "F9",
        "C",
        "the same in scalars, by loops over i and j, in the overdot notation",
        (
            Equality(Derivative(loss, Z[j]), z_dot, scalar_layer[1:]),
            Equality(Derivative(loss, X[i]), total(W[j, i] * z_dot, j), scalar_layer),
            Equality(Derivative(loss, W[j, i]), X[i] * z_dot, scalar_layer),
            Equality(Derivative(loss, B[j]), z_dot, scalar_layer),
        ),
    ),
    Claim(
        "F10",
        "E p. 29",
        "SGD-NEURAL-NET: ∂L/∂A^l = (∂Z^{l+1}/∂A^l)(∂L/∂Z^{l+1}), ∂L/∂Z^l = (∂A^l/∂Z^l)(∂L/∂A^l), "
        "∂L/∂W^l = A^{l−1}(∂L/∂Z^l)ᵀ, in layout A6",
        (
            # entry (j, k) of ∂Z^{l+1}/∂A^l is W_jk in layout A6; in ours it is entry (k, j)
            Layout(
                stated=Equality(Derivative(above[k], A[j]), W2[j, k], next_layer[:1]),
                ours=Equality(Derivative(above[k], A[j]), W2[k, j], next_layer[:1]),
            ),
            Equality(Derivative(loss, A[j]), total(W2[j, k] * prime(D)[k](above[k_], k_), k), next_layer),
            Equality(
                Derivative(loss, Z[j]), total(Derivative(A[j_], Z[j]) * prime(D)[j_](A[r], r), j_), denominator[1:]
            ),
            Equality(Derivative(loss, V[i, j]), X[i] * dL_dZ, denominator),
        ),
    ),
    Claim(
        "F11",
        "E concept 9, not. 16",
        "∂L/∂W^l = (∂Z^l/∂W^l)(∂L/∂Z^l)ᵀ, where ∂Z^l/∂W^l stands for A^{l−1} (notation 17)",
        (Equality(Derivative(loss, V[i, j]), X[i] * dL_dZ, denominator),),
    ),
    Claim(
        "F12",
        "E p. 29, line 32",
        "as printed: ∂L/∂W^l = A^{l−1} @ ∂L/∂Z^l, the columns m×1 and n×1",
        (
            Equality(
                Derivative(loss, V[i, j]),
                total(A_column[i, c] * Z_column[c, j], c),
                (*denominator, equation(A_column[i, c], X[i]), equation(Z_column[j, c], dL_dZ)),
                mended=(Equality(Derivative(loss, V[i, j]), X[i] * dL_dZ, denominator),),
            ),
        ),
    ),
)
