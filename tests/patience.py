"""How long a test waits for something that must come: no claim about how fast it comes."""

PATIENCE = 120.0
"""Seconds after which a test that hangs is ended; machines are busy, and a start may take many."""
