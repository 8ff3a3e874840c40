"""Published and obvious ways past a pickle guard, each shown to work without one and to fail with it.

A new bypass is one more :class:`~.rows.Row` in the table it belongs to.
"""
