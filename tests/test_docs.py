"""The documents say what the tree and the Makefile hold; prose that drifts fails here."""

import re
from pathlib import Path

import pytest
import typer

from rushes.cli import app
from rushes.core.vocabulary import SLOTS

ROOT = Path(__file__).parents[1]
VERBS = typer.main.get_command(app).commands
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NUMBER_WORDS = {"five": 5, "eight": 8, "nine": 9, "ten": 10, "eleven": 11}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def section(text, title):
    """The lines under ``## title``."""
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def listed_packages(title):
    return set(re.findall(r"^- `(\w+)`: \S", section(read("docs/structure.md"), title), re.MULTILINE))


def packages():
    """Packages with code; ``weights`` is data and listed beside them."""
    return {path.parent.name for path in (ROOT / "src" / "rushes").glob("*/__init__.py")}


def make_targets():
    return set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))


def test_structure_lists_every_package_once_and_no_other():
    assert listed_packages("Packages") == packages() | {"weights"}
    assert not listed_packages("Planned") & packages()


def test_every_make_command_in_the_documents_exists():
    for document in DOCUMENTS:
        commands = re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(commands) <= make_targets(), document.name


def options_of(verb):
    """A verb's options, and those of the verbs below it."""
    commands = [VERBS[verb], *getattr(VERBS[verb], "commands", {}).values()]
    options = [name for command in commands for option in command.params for name in option.opts]
    return {"--help", *(name for name in options if name.startswith("--"))}


def test_every_verb_and_every_option_of_shoot_stand_in_the_list_of_commands():
    listed = read("docs/commands.md")
    assert set(VERBS) == set(re.findall(r"^\| `rushes ([a-z]+)` \|", listed, re.MULTILINE))
    assert options_of("shoot") - {"--help"} <= set(re.findall(r"`(--[a-z-]+)`", listed))


def test_every_command_line_in_the_documents_can_be_typed():
    for document in DOCUMENTS:
        commands = re.findall(r"(?:`|bin/)rushes ([a-z]+)([^`\n]*)", document.read_text(encoding="utf-8"))
        for verb, rest in commands:
            assert verb in VERBS, (document.name, verb)
            assert set(re.findall(r"--[a-z-]+", rest)) <= options_of(verb), (document.name, verb, rest)


def test_the_readme_names_the_commands_people_need():
    assert {"scene", "test", "train", "train-pause", "clean", "help"} <= set(
        re.findall(r"make ([a-z-]+)", read("README.md"))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (document.parent / target).exists(), target


def test_the_readme_counts_the_world_right():
    words = "|".join(NUMBER_WORDS)
    nouns = "subjects|places|weathers|camera moves"
    counts = dict(re.findall(rf"({words})\s+({nouns})", read("README.md")))
    slots = {"subjects": "subject", "places": "environment", "weathers": "weather", "camera moves": "camera"}
    assert {noun: NUMBER_WORDS[word] for word, noun in counts.items()} == {
        noun: len(SLOTS[slot]) for noun, slot in slots.items()
    }


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) < 160


def test_design_pages_are_numbered_and_have_their_four_parts():
    pages = sorted((ROOT / "docs" / "design").glob("*.md"))
    assert [int(page.name[:3]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for part in ("Question", "Choice", "Rejected", "Evidence"):
            assert f"\n**{part}.**" in text, (page.name, part)


def test_log_entries_are_dated_and_in_order():
    dates = re.findall(r"^## (\S+)", read("docs/log.md"), re.MULTILINE)
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) for date in dates)
    assert dates == sorted(dates)
