"""Bytes that load because of what they are: lock files, what is verified, signatures."""
