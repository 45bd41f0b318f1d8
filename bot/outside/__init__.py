"""What lies outside and is asked: speech to text, and other services that an administrator may set."""
