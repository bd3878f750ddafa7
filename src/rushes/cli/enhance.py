"""``rushes enhance``: a fuller description that says the same."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.parse import read_text
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.language.enhance import Enhancement


def enhance(
    text: Annotated[str, typer.Argument(help="The description; - reads it from standard input.")],
    seed: Annotated[int, typer.Option(help="Which of the possible additions.")] = 0,
    llm: Annotated[
        bool, typer.Option("--llm", help="Ask the endpoint of RUSHES_LLM_URL; sends the text there.")
    ] = False,
    calls: Annotated[int, typer.Option(min=1, help="Most requests to the endpoint, retries included.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the stage of the recipe as JSON.")] = False,
) -> None:
    """Fill what a description leaves open, and show what was added to which part.

    The words you wrote stay as they are: leaving out what was added gives them back.
    """
    import json

    from rushes.language.enhance import enhance as enhance_text

    description = read_text(text)
    made = _ask(description, seed, calls) if llm else enhance_text(description, seed)
    if as_json:
        print(json.dumps(made.as_json(), ensure_ascii=False, indent=2))
        return
    print(made.after)
    for added in made.added:
        print(f"  + {added.part:<12} {added.concept} ({added.words})")


def _ask(description: str, seed: int, calls: int) -> "Enhancement":
    from rushes.cli.endpoint import send
    from rushes.language.llm import Budget, Endpoint, enhance_with

    url, model = os.environ.get("RUSHES_LLM_URL", ""), os.environ.get("RUSHES_LLM_MODEL", "")
    if not url or not model:
        raise UsageError(
            "No language model is allowed here: set RUSHES_LLM_URL and RUSHES_LLM_MODEL (and "
            "RUSHES_LLM_KEY) or leave out --llm."
        )
    endpoint = Endpoint(url, model, Budget(calls), send, os.environ.get("RUSHES_LLM_KEY", ""))
    return enhance_with(endpoint, description, seed)
