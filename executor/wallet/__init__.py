"""Floor 3: the keys, in encrypted keystores, and what may be signed with which."""
