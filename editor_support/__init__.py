"""What an editor needs for a language that it does not know: generated from the language's file and its grammar.

`generate.py` is the way in: a language and, where there is one, its parser go in; files with their contents come out.
Pure but for `grammar.py`, which compiles and asks a grammar, and `writing.py`, which puts files where a person said.
"""
