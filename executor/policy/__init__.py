"""Floor 2: pure decisions: profit, fees, and whether to send. No I/O, no clock, no floats."""
