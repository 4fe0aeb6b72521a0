"""What people do in Slack, one file a surface."""
