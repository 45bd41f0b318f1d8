"""The conversation, without any channel."""
