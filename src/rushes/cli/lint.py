"""``rushes lint``: remarks on a description before anything is filmed."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.parse import read_text

# Flagged by a check.
_FLAGGED = 4


def lint(
    text: Annotated[str, typer.Argument(help="The description; - reads it from standard input.")],
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of the shot.")] = 5.0,
    negative: Annotated[str, typer.Option(help="The negative prompt it will be filmed with.")] = "",
    tokenizer: Annotated[
        Path | None, typer.Option(help="spiece.model of umT5, for an exact token count.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print tokens and remarks as JSON.")] = False,
) -> None:
    """Find vague words, missing parts, contradictions, too many beats, a fighting negative prompt, length.

    Exit code 4 when there are remarks.
    """
    import json
    from dataclasses import asdict

    from rushes.language.lint import Shot
    from rushes.language.lint import lint as lint_shot
    from rushes.language.meter import measure

    description = read_text(text)
    remarks = lint_shot(Shot(description, seconds, negative, tokenizer))
    tokens = measure(description, tokenizer)
    if as_json:
        plain = {"tokens": asdict(tokens), "remarks": [asdict(remark) for remark in remarks]}
        print(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        print(tokens)
        for remark in remarks:
            print(f"{remark.rule}: {remark.message}")
            for name, fix in (("fix", remark.fix), ("negative prompt", remark.negative_fix)):
                if fix is not None:
                    print(f"  {name}: {fix}")
    if remarks:
        raise typer.Exit(_FLAGGED)
