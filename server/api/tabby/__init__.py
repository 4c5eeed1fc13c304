"""Tabby's protocol, as its client asks for code and tells what became of it."""
