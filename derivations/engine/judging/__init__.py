"""From a claim to a verdict: what is taken for granted, what is proven, refuted, or should have been written."""
