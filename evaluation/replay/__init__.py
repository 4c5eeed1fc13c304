"""A person who types real files, and what a completion client shows meanwhile: the instrument for the typing experience.

`typist` says which key comes when, `person` what is taken of a proposal, `clients` hold the editors and their servers,
`play` runs one file, `figures` says what came of it. See docs/replay.md.
"""
