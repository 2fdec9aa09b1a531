"""The version of simbridge: the one place where it is written; the package's metadata is made from it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
