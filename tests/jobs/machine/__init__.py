"""A state machine over a whole small world, and the rules as a person would explain them."""
