"""The mails, as templates and pure functions."""
