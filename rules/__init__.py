"""What should happen: pure decisions. No I/O, no clock, no randomness; `now`, ids and dice are arguments."""
