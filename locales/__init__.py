"""Words: what users say (examples) and what the bot says (replies), per language; one strict loader."""
