"""The wire and the wiring: channels, web, outside services, jobs, settings, command line."""
