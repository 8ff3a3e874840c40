"""Trust in exact bytes: lock files, signatures, and what of a file was verified before it is loaded."""
