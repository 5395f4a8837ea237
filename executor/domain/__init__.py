"""Floor 0: values and errors. Nothing here does I/O or imports anything of ours outside this package."""
