"""What mutations answer: the success, or the refusals, each of which implements UserError."""
