"""B. Affine layers. w_ij leads from unit i of the layer below (n units) to unit j (m units); D is any loss of z."""

from sympy import Derivative, IndexedBase, KroneckerDelta, Symbol

from derivations import Field, dimension, equation, index, total
from derivations.lectures.claim import Claim, Equality, Layout, NotAFormula

n, m, T = dimension("n"), dimension("m"), dimension("T")
i, i_, i0 = index("i", n), index("i'", n), index("i0", n, lower=0)
j, j_ = index("j", m), index("j'", m)
w, W, y, b, z, u, h, loss_of = (IndexedBase(name) for name in ("w", "W", "y", "b", "z", "u", "h", "loss"))
D, loss = Field("D"), Symbol("loss")

to_D = equation(loss, D[()](z[j], j))
by_units = (equation(z[j], total(w[i, j] * y[i], i) + b[j]), to_D)
by_matrix = (equation(z[j], total(W[j, i] * y[i], i) + b[j]), to_D)
g = Derivative(loss, z[j])  # ∂D/∂z_j, z taken as given

# the bias as the weight of y_0 = 1
from_0 = equation(z[j], total(w[i0, j] * y[i0], i0))
with_0 = (from_0, to_D, equation(y[0], 1))

# a matrix with at least two rows and columns, so that there are w_12 and w_21
row, column = index("j", m + 1), index("i", n + 1)
entries = (equation(z[row], total(w[column, row] * y[column], column) + b[row]),)

# slides that let the index of the units above run over those below
j_below = index("j", n, lower=0)  # 0 … D_{k−1}
# the overdot slide: w_ji leads from unit j to unit i
j0, above = index("j", n, lower=0), index("i", m)
overdot = (equation(z[above], total(w[j0, above] * y[j0], j0)), equation(loss, D[()](z[above], above)))

# E: Z = Wᵀ A + W0 with W[in, out]
A, Z, W0 = IndexedBase("A"), IndexedBase("Z"), IndexedBase("W0")
denominator = (equation(Z[j], total(W[i, j] * A[i], i) + W0[j]), equation(loss, D[()](Z[j], j)))
G = Derivative(loss, Z[j])

# instances 0 … T, so that t − 1 is one for t = 1 … T
t, each = index("t", T), index("t'", T, lower=0)
of_instance = equation(z[each, j], total(W[j, i] * y[each, i], i) + b[j])
loss_t = (equation(loss_of[each], D[()](z[each, j], j)), of_instance)

CLAIMS = (
    Claim(
        "B1",
        "all",
        "z_j = Σ_i w_ij y_i + b_j, w_ij from unit i of layer k−1 to unit j of layer k",
        (NotAFormula("the definition of z_j, w_ij and b_j"),),
    ),
    Claim(
        "B2",
        "U, C, M",
        "bias as a weight: w_0j = b_j, y_0 = 1: z_j = Σ_{i=0} w_ij y_i gives the same z and ∂D/∂w_0j = ∂D/∂z_j",
        (
            Equality(
                total(w[i0, j] * y[i0], i0),
                total(w[i, j] * y[i], i) + b[j],
                (equation(y[0], 1), equation(w[0, j], b[j])),
            ),
            Equality(Derivative(loss, w[0, j]), g, with_0),
        ),
    ),
    Claim(
        "B3",
        "C",
        "W's row j holds the weights into unit j: first row w_11, w_21, …, w_{D1}, z = W y + b",
        (Equality(total(W[j, i] * y[i], i) + b[j], total(w[i, j] * y[i], i) + b[j], (equation(W[j, i], w[i, j]),)),),
    ),
    Claim(
        "B4",
        "U",
        "W's first row is printed w_11, w_12, …, w_{D1} and its second w_12, w_22, …, w_{D2} (so entry "
        "(1,2) is w_12), and with it z = W y + b is B1",
        (
            Equality(Derivative(z[1], y[1]), w[1, 1], entries),
            Equality(Derivative(z[2], y[column]), w[column, 2], entries),
            Equality(Derivative(z[1], y[2]), w[1, 2], entries),
        ),
    ),
    Claim("B5", "U, C, M, K", "J_z(y) = W", (Equality(Derivative(z[j], y[i]), W[j, i], by_matrix[:1]),)),
    Claim("B6", "U, K", "J_z(b) = I", (Equality(Derivative(z[j], b[j_]), KroneckerDelta(j, j_), by_matrix[:1]),)),
    Claim("B7", "K", "∂(uᵀh)/∂u = hᵀ", (Equality(Derivative(total(u[i] * h[i], i), u[i_]), h[i_]),)),
    Claim("B8", "U, C, M", "∇_y D = ∇_z D · W", (Equality(Derivative(loss, y[i]), total(g * W[j, i], j), by_matrix),)),
    Claim(
        "B9",
        "C, M",
        "∇_W D = y ∇_z D (n_in × n_out: the transpose of W's shape)",
        (
            Layout(
                stated=Equality(Derivative(loss, W[j, i]), y[i] * g, by_matrix),
                ours=Equality(Derivative(loss, W[i, j]), y[i] * g, by_matrix),
            ),
        ),
    ),
    Claim("B10", "C, M", "∇_b D = ∇_z D", (Equality(Derivative(loss, b[j]), g, by_matrix),)),
    Claim("B11", "C, M", "∂D/∂w_ij = y_i ∂D/∂z_j", (Equality(Derivative(loss, w[i, j]), y[i] * g, by_units),)),
    Claim(
        "B12",
        "C, M",
        "∂D/∂y_i = Σ_j w_ij ∂D/∂z_j",
        (Equality(Derivative(loss, y[i]), total(w[i, j] * g, j), by_units),),
    ),
    Claim(
        "B13",
        "C",
        "backward-pass slide: ∂D/∂w_ij^(k) = y_i^(k−1) ∂D/∂z_j^(k), with j = 0 … D_{k−1} as the range of j",
        (
            Equality(
                Derivative(loss, w[i, j_below]),
                y[i] * Derivative(loss, z[j_below]),
                by_units,
                mended=(Equality(Derivative(loss, w[i, j]), y[i] * g, by_units),),
            ),
        ),
    ),
    Claim(
        "B14",
        "C",
        "overdot slide: ∂D/∂w_ji^(k) = y_j^(k−1) ż_i^(k), for j = 0 … D_{k−1}",
        (Equality(Derivative(loss, w[j0, above]), y[j0] * Derivative(loss, z[above]), overdot),),
    ),
    Claim(
        "B15",
        "E not. 17",
        "Z = WᵀA + W0, W is m×n; in layout A6: ∂Z/∂A = W, and ∂L/∂W = A (∂L/∂Z)ᵀ",
        (
            Layout(
                stated=Equality(Derivative(Z[j], A[i]), W[i, j], denominator),
                ours=Equality(Derivative(Z[j], A[i]), W[j, i], denominator),
            ),
            Equality(Derivative(loss, W[i, j]), A[i] * G, denominator),
        ),
    ),
    Claim(
        "B16",
        "E 7.15",
        "a chain for an earlier layer goes on through ∂z^l/∂a^(l−1), not through ∂w^l/∂a^(l−1), which is zero",
        (
            Equality(Derivative(W[j, i], y[i_]), 0),
            Equality(Derivative(loss, y[i]), total(g * Derivative(z[j], y[i]), j), by_matrix),
        ),
    ),
    Claim(
        "B17",
        "U",
        "training slide: ∇_{W_k} D(Y_t, d_t) = y_{t−1} ∇_{z_k} D, where t counts the training instances "
        "and k the layers",
        (
            Equality(
                Derivative(loss_of[t], W[j, i]),
                y[t - 1, i] * Derivative(loss_of[t], z[t, j]),
                loss_t,
                mended=(Equality(Derivative(loss_of[t], W[j, i]), y[t, i] * Derivative(loss_of[t], z[t, j]), loss_t),),
            ),
        ),
    ),
)
