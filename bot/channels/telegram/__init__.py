"""The Telegram channel (电报): `adapter.Telegram` is the way in; the other files are its parts."""
