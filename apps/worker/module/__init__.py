"""The client functions, one file a subject. A new one is a function here and a line in ``apps/worker/functions.py``."""
