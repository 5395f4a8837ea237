"""Other projects, measured in processes and environments of their own."""
