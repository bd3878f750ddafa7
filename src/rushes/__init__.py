"""rushes turns words into shots and shots into a rough cut."""

__version__ = "0.1.0"
