"""A small Google and an outside world, spoken to over HTTP only; imports nothing of the house."""
