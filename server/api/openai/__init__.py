"""OpenAI's protocol: text completions, chat completions, and the list of models."""
