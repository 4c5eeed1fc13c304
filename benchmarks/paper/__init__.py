"""The claim of arXiv 2606.16827, made small: all arms on Levy, executed, with several seeds. The plan: README.md.

python -m benchmarks.paper --seeds 1 2 3        # hours; interrupted, it goes on
"""
