"""Has a summary that a shell would run."""
