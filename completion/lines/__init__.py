"""Proposals from the workspace's own lines: no model, no network, under 5 ms.

Where a place like the one at the cursor stands somewhere in the workspace, what followed there is proposed here.

    vocabulary.py  lexemes as numbers, line starts relative to the line above
    log.py         numbers in order, and an index of their pairs
    open_text.py   an open document in a log, kept up to date by changed lines
    memory.py      the workspace's files in logs, within a bound
    voting.py      which lexeme comes next
    proposing.py   from the text before the cursor to a proposal and its confidence
"""
