"""The packaged tables, `data/*.tsv`: lines of cells parted by tabs."""

from collections.abc import Iterator
from importlib import resources


def rows(name: str, has_header: bool = False) -> Iterator[list[str]]:
    """Yield the cells of each line of `data/NAME.tsv`, without the header where there is one."""
    text = resources.files("rushes.language").joinpath(f"data/{name}.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[int(has_header) :]:
        yield line.split("\t")
