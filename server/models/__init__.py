"""Models: where they are, whether they can be loaded, what a client needs to know of them."""
