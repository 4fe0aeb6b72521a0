"""The deeds, one file a verb."""
