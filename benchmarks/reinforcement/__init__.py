"""Does a small model learn from running what it writes? The experiment, its tasks and its analysis; see README.md."""
