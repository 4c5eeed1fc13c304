"""What became of the proposals: events are taken in, kept on the disk, counted, and forgotten.

clock.py       the times that are asked for, so that a test can give them
rows.py        from an event to a row of the database
writer.py      the thread that commits, and what it says while it cannot
retention.py   what is older than it may be
usage.py       figures by language, model and day
collector.py   the whole: `Telemetry`
"""
