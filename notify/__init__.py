"""How people are reached: Slack and e-mail."""
