"""Where archived events are kept, and the files that events are read from.

Here belongs what holds many events: `events` and `chunks` store those of an archive in little memory, and
`event_files` reads those that a user has. The file of a trace is in `trace`.
"""
