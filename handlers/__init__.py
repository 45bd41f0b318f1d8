"""The conversation, channel-free: one file per topic that a user can raise, and the table that routes to them."""
