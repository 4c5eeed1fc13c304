"""The worker process: one model, one engine, spoken to over a socket. Started as `vernacular-worker`."""
