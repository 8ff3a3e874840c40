"""Bytes to a report, pure: nothing here imports, calls or builds what a file names."""
