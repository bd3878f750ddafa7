"""``rushes enhance``: a fuller description that says the same."""

from typing import Annotated

import typer

from rushes.cli.parse import read_text


def enhance(
    text: Annotated[str, typer.Argument(help="The description; - reads it from standard input.")],
    seed: Annotated[int, typer.Option(help="Which of the possible additions.")] = 0,
    llm: Annotated[
        bool, typer.Option("--llm", help="Ask the language model that RUSHES_LLM allows: endpoint or local.")
    ] = False,
    calls: Annotated[int, typer.Option(min=1, help="Most requests to the model, retries included.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the stage of the recipe as JSON.")] = False,
) -> None:
    """Fill what a description leaves open, and show what was added to which part.

    The words you wrote stay as they are: leaving out what was added gives them back.
    Example: rushes enhance "狗跑" --seed 3
    """
    import json

    from rushes.language.enhance import enhance as enhance_text

    description = read_text(text)
    if llm:
        from rushes.cli.writer import allowed_writer
        from rushes.language.llm import enhance_with

        made = enhance_with(allowed_writer(calls), description, seed)
    else:
        made = enhance_text(description, seed)
    if as_json:
        print(json.dumps(made.as_json(), ensure_ascii=False, indent=2))
        return
    print(made.after)
    for added in made.added:
        print(f"  + {added.part:<12} {added.concept} ({added.words})")
