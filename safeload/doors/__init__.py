"""The ways into an unpickler: one file for each library that has one, all of one shape."""
