"""Asking a model that was tuned on instructions for the code that a comment describes. Pure.

comment.py   the comment or documentation string at the cursor, and where its code goes
words.py     what the model is told, in the words that it was tuned on
fences.py    the fenced blocks of an answer
answer.py    from an answer, while it comes, to lines of code as the document would have them
"""
