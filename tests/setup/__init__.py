"""Set-up: the chosen Python, the lock files, the compilers, the node and the rules of the tree."""
