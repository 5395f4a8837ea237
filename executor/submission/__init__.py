"""Floor 4: from calldata to a mined transaction, written down before it leaves."""
