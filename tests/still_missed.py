"""What the checker does not see, name or say yet: these cases may fail, all others must not."""

RIGHT_CALLED_WRONG: set[str] = {
    "convolution by columns",
    "circular, by Fourier transforms",
    "convolution by convolutions",
}

MUSEUM_MISSED: set[str] = {
    "eigenvectors_of_large_matrices",
}

MUSEUM_UNNAMED: set[str] = {
    "attention_heads_miscounted",
    "attention_value_width",
    "batch_norm_large_batch",
    "convolution_wrong_depth",
    "ctc_normalised",
    "gated_attention_value",
    "group_norm_of_images",
    "layer_norm_of_sequences",
    "linear_attention_value_blocks",
    "lstm_bias_of_the_forget_gate",
    "rms_norm_weight_in_half",
    "rnn_overwritten_cotangent",
    "state_space_padding",
}

MUSEUM_UNSAID: set[str] = {
    "softplus_threshold",
}

TRIGGERED_MISSED: set[str] = {
    "an embedding in bfloat16",
    "log-sigmoid",
}

TRIGGERED_UNSAID: set[str] = {
    "one output or the other",
}

# network: mistakes without a true cause for each argument that they make wrong, or with a right argument called wrong
MISTAKES_UNNAMED: dict[str, set[str]] = {
    "attention written out": {"the sum without p", "√d forgotten in the scores"},
    "batch norm": {"N − 1"},
    "batch norm over n − 1": {"over the features"},
    "bilinear form + silu": {"Ā at a twice"},
    "contrastive loss": {"the length over the batch"},
    "convolution by einsum": {"K̄ at the output"},
    "focal loss": {"p for pt"},
    "gated recurrent cell": {
        "at the first state",
        "at the new state",
        "matrices exchanged",
        "matrices not transposed",
        "overwritten at each step",
        "subtracted at each step",
        "tanh's derivative for the gate",
        "x̄ in reverse",
        "x̄ of the first step everywhere",
        "x̄ one step late",
        "z for 1 − z",
    },
    "margins and Huber": {"the label's path with one margin", "the mean at the first class only"},
    "max pooling": {"s̄ at the mean"},
    "MLP, gelu": {"derivative at the output", "derivative of the wrong layer", "derivative twice", "no derivative"},
    "MLP, relu": {"no derivative"},
    "recurrent cell in a scan": {"derivative at z"},
    "symmetric form": {"A for S in x̄", "S⁻¹ for S", "the logarithm's half"},
    "tied weights": {"written at p"},
}
