"""The value of a formula at a point: exact, in intervals or in floating point. Nothing here knows the kernel."""
