class ChoreError(Exception):
    """Shown to the user without a traceback."""
