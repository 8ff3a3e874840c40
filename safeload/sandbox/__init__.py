"""The child in which a file's code may run where it can do nothing, and its parent. Linux alone can.

``parent`` and what it imports run in the user's process; ``child`` and what it imports run in the other one,
which never imports safeload's front door.
"""
