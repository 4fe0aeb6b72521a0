"""The roof: processes and their assembly."""
