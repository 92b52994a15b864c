"""Counts visits, in a database."""

from visits.counter import Counter

__all__ = ["Counter"]
