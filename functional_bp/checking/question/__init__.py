"""What is asked: a forward, a claimed backward, and the points to compare them at."""
