"""What happens when a field is asked: check, read or record, answer. Never a provider call."""
