"""The conversation, channel-free: one file per topic a user can raise, and the table that routes to them."""
