"""A workspace to practise in: stands in for Slack on loopback."""
