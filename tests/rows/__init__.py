"""The whole program against the far ends of its channels."""
