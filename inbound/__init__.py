"""What is pushed at us, one law: verify, record, ask, answer fast."""
