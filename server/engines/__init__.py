"""The server's side of engines: something that streams, aborts, answers a health check, and can die."""
