"""Was withdrawn."""
