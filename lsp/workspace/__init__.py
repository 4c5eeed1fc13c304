"""The workspace as context: what other files declare, code like that at the cursor, what was changed lately.

`Workspace` (`workspace.py`) is all that the rest of the language server needs: it is told of documents and files, keeps
an index of them in a thread beside the event loop, and gives the pieces of context for a place.

    limits.py      how much is indexed and kept
    secrets.py     what is never read, by its name
    ignored.py     .gitignore files and patterns from the settings
    reading.py     a file's text, or nothing
    walking.py     which files there are
    table.py       names and who declares them
    blocks.py      blocks of lines that hold the same rare words
    edits.py       what was changed since a document was opened
    imports.py     which files a document brings in
    choosing.py    which declarations, in an order that holds from key stroke to key stroke
    pieces.py      pieces of context within a budget
    indexing.py    what the thread does
    workspace.py   the whole
"""
