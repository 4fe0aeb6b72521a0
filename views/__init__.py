"""Everything that a human reads, as pure functions."""
