"""Other completion servers, built and started with this project's model, for benchmarks side by side."""
