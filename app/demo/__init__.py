"""`make demo`: everything of Bothways on one machine, from nothing, with one command."""
