"""Has no source archive."""
