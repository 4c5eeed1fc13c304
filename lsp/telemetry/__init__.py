"""What became of the proposals, told to the company's own completion server: counts, lengths and times; no code.

distance.py   how far one text is from another
edits.py      edits as editors tell them, and what they do to a place
shown.py      one proposal on display, and what the edits say of it
recorder.py   from proposals, edits and commands to events
sender.py     events wait, and go out in batches
"""
