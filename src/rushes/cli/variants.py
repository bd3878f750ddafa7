"""``rushes variants``: many descriptions from one, counted before anything runs."""

from typing import Annotated

import typer

from rushes.cli.parse import read_text
from rushes.cli.screen import counted


def variants(
    text: Annotated[str, typer.Argument(help="The description; - reads it from standard input.")],
    axis: Annotated[
        list[str], typer.Option(help="weather=rain,snow or sandstorm=light..extreme:4; repeatable.")
    ],
    seeds: Annotated[int, typer.Option(min=1, help="Seeds for each description.")] = 1,
    fill: Annotated[str, typer.Option(help="full, sparse or latin.")] = "full",
    cells: Annotated[int, typer.Option(min=0, help="How many combinations a sparse fill draws.")] = 0,
    first_seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Vary what a description says, word by word, and print the table. Nothing is filmed."""
    import json
    import sys

    from rushes.language.variants import count, read_axis
    from rushes.language.variants import variants as make

    axes = [read_axis(written) for written in axis]
    number = count(axes, seeds, fill, cells)
    print(counted(number, "variant"), file=sys.stderr)
    made = list(make(read_text(text), axes, seeds, fill, cells, first_seed))
    if as_json:
        rows = [{"values": dict(each.values), "seed": each.seed, "text": each.text} for each in made]
        print(json.dumps({"count": number, "variants": rows}, ensure_ascii=False, indent=2))
        return
    print("\t".join([*(each.name for each in axes), "seed", "text"]))
    for each in made:
        print("\t".join([*(value for _, value in each.values), str(each.seed), each.text]))
