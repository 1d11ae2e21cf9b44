"""Reads: one statement a page, whatever a client selects of it. Plain rows, never ORM objects."""
