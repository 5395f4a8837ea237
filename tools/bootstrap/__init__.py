"""Prepares a checkout with nothing but the standard library of Python 3.11 or 3.12.

Packages go into `.venv`; tools into a per-user cache, in folders named by the hash of what they were made
from, so that a second checkout finds them ready. Every step is skipped when its result is there.
"""
