from .sheet import Sheet

__version__ = "0.5.0"
__all__ = ["Sheet"]
