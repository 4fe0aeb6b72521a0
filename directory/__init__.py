"""Places where accounts live; knows nothing of Slack or of requests."""
