"""Audio becomes a genre."""
