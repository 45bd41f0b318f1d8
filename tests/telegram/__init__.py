"""The Telegram channel against its far end."""
