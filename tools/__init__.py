"""Set-up of a checkout: Python packages, node, Foundry's tools and the Solidity compilers."""
