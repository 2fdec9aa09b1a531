"""Where archived events are kept, and the files that events are read from."""
