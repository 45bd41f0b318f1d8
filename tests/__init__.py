"""The tests: they mirror interfaces, not files."""
