"""The database: what several instances of the server share, and what outlives them."""
