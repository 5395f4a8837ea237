"""Floor 6: what people and scripts touch."""
