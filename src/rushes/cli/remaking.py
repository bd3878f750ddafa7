"""What the verbs share that make a take of footage: the one clip that is made, as a take of the inbox."""

import secrets
from dataclasses import dataclass

from rushes.cli.clip_files import ClipFiles
from rushes.cli.desk import print_json
from rushes.cli.inbox_takes import Clip, Filming, Source
from rushes.cli.planned import Wish
from rushes.cli.screen import Screen
from rushes.cli.take_plan import lasting_name, plan_take
from rushes.cli.watching import Watching
from rushes.core.model_facts import ModelFacts


@dataclass(frozen=True)
class Remake:
    """One take of footage: what it is asked to be, what it starts from, where its files go."""

    wish: Wish
    source: Source
    files: ClipFiles

    def make(self, screen: Screen, as_json: bool, lines: tuple[tuple[str, str], ...] = ()) -> None:
        """Plan it, say ``lines`` and how its words were read, and write clip, contact sheet and recipe."""
        planned = plan_take(self.wish, self.source.given)
        for title, text in (*lines, *(("words", line) for line in planned.words)):
            screen.say(title, text)
        documents = Filming(self.source, Watching(screen)).make([Clip(self.wish, planned, self.files)])
        if as_json:
            print_json({"takes": documents})


def wish_for(prompt: str, seed: int | None, model: str, settings: dict[str, object]) -> Wish:
    """A wish with a seed, a random one where none is asked, which the recipe keeps."""
    drawn = secrets.randbelow(10**6) if seed is None else seed
    return Wish(prompt, drawn, lasting_name(model), settings)


def read_facts_of(model: str) -> ModelFacts:
    """What is known of a model before it is loaded."""
    from rushes.engine.catalogue import model_folder
    from rushes.engine.facts import read_facts

    return read_facts(model_folder(model))
