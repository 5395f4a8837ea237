"""Floor 3: what a node is asked, and what its answers are worth."""
