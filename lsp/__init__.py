"""The language server: document -> context -> request -> ghost text.

Light: pygls, httpx and pydantic; never torch, a tokenizer, or the completion server's own code.
"""
