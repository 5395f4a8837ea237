"""Floor 3: settings from YAML and environment, and the data of the chains, as typed trees."""
