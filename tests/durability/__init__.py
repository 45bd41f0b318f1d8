"""What must survive a killed process: the real server, real loads, SIGKILL at random moments."""
