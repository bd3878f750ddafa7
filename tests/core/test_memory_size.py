"""Amounts of memory."""

import pytest

from rushes.core.errors import UsageError
from rushes.core.memory_size import describe_memory, parse_memory


@pytest.mark.parametrize(
    ("text", "size"),
    [("8GB", 8e9), ("8 gb", 8e9), ("1.5G", 1.5e9), ("600MB", 6e8), ("600 m", 6e8)],
)
def test_amounts_are_read(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "8", "GB", "-1GB", "0GB", "nanGB", "infG", "8TB", "eight GB"])
def test_other_words_are_refused(text):
    with pytest.raises(UsageError, match="write it like 8GB or 600MB"):
        parse_memory(text)


def test_amounts_are_described():
    assert (describe_memory(8.24e9), describe_memory(6.001e8)) == ("8.3 GB", "601 MB")
