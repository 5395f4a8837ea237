"""Ape scripts: `ape run` shows each file here as a command, except what begins with an underscore."""
