"""Conversations for an instruct sibling of a small model: written by program, for languages that the base knows.

functions.py   a function without a language: expressions, statements, what it says of itself
meaning.py     what such a function gives: the proof of what is printed
printing.py    the same function in Python, JavaScript, Lua and MoonBit
words.py       subjects, measures, invented words, numbers
simple.py, charges.py, cases.py, lists.py    kinds of functions with the sentences that ask for them
asking.py      from a function to a conversation in the product's own form
settings.py, write.py                        amounts and the file
"""
