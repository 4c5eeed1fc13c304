"""A person types real files, and a completion client shows what it has: how the typing experience is measured.

`typist` says which key comes when, `person` what is taken of a proposal, `clients` hold the editors and their servers,
`play` runs one file, `figures` says what came of it. See docs/replay.md.
"""
