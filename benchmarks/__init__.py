"""Speed measured side by side in one run. Figures, never timed tests: machines are noisy."""
