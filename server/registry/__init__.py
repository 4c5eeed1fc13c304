"""Which model serves which language, and changing that while requests come."""
