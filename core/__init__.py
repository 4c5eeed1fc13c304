"""Ground floor: wire types, language specifications, errors, the YAML loader.

Imports pydantic, PyYAML and the standard library; nothing else, so that a laptop stays light.
"""
