"""What ȳ J is, who says so, and how exactly it can be known."""
