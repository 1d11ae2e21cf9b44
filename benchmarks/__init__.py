"""What the speed claims are measured with: one command each."""
