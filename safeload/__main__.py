"""``python -m safeload``: the command line, where its script is not on the path."""

from safeload.cli import main

main(prog_name="python -m safeload")
