"""Floor 5: the workflows, from an opportunity to the record of its fate."""
