"""Ollama's protocol, as far as editors ask for code with it."""
