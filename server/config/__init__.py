"""How the server is to run: one schema, read from a file, the environment and the command line."""
