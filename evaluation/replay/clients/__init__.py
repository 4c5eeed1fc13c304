"""Editors that ask for proposals and show them: the language server under two editors, and two that others have."""
