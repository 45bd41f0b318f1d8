"""Far ends to test against: real servers on loopback."""
