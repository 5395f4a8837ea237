"""Floor 4: the durable record. What is not written here was not sent."""
