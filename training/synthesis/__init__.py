"""Data that runs: conversations and tasks that a model wrote and that are kept only if their programs run."""
