"""Floor 2: which route, how much, whose money. No I/O."""
