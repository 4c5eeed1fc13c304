"""The pure heart: templates, prompt layout, proposers, parsing within a time limit. No input or output."""
