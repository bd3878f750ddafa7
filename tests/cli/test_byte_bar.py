"""Bytes in words and on a bar."""

import io

import pytest
from rich.console import Console

from rushes.cli.byte_bar import ByteBar, in_bytes


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0.0 kB"),
        (340, "0.3 kB"),
        (10**6, "1.0 MB"),
        (23_600_000, "23.6 MB"),
        (126_150_000_000, "126.2 GB"),
    ],
)
def test_bytes_in_words(count, text):
    assert in_bytes(count) == text


def test_a_terminal_sees_how_far_it_is_and_others_see_nothing():
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    with ByteBar(terminal, "a model", 2_000_000, 500_000) as bar:
        bar.add(700_000)
        bar.add(-200_000)
        bar._bar.refresh()
    assert "a model" in terminal.file.getvalue()
    assert "1.0/2.0 MB" in terminal.file.getvalue()
    pipe = Console(file=io.StringIO())
    with ByteBar(pipe, "a model", 10) as bar:
        bar.add(10)
    assert pipe.file.getvalue() == ""
