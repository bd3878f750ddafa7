"""The bound child that breaks a script down, anew or merged into the list that people have worked on.

Arguments: most bytes of memory, seconds of CPU time, the script, its name, and the folder of the breakdown
before it, empty for none. Answers in JSON.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rushes.core.errors import UsageError
from rushes.language.screenplay.breakdown import break_down
from rushes.language.screenplay.breakdown_file import breakdown_json, read_breakdown
from rushes.language.screenplay.reading import parse_script
from rushes.language.screenplay.reimport import reimport
from rushes.media.bound import bind


def broken_down(content: bytes, name: str, before: Path | None) -> dict[str, Any]:
    """The breakdown as JSON, and what became of the scenes since the one in the folder ``before``."""
    play = parse_script(content, name)
    base = read_breakdown(before) if before else None
    if base is None:
        return {"breakdown": breakdown_json(break_down(play)), "changes": []}
    merged = reimport(base, play)
    changes = [asdict(change) for change in merged.scenes]
    return {"breakdown": breakdown_json(merged.breakdown), "changes": changes}


def main() -> None:
    """Read, and say what it is."""
    memory_bytes, cpu_s, path, name, before = sys.argv[1:]
    bind(int(memory_bytes), int(cpu_s))
    try:
        answer = broken_down(Path(path).read_bytes(), name, Path(before) if before else None)
    except UsageError as error:
        answer = {"problem": str(error)}
    except (MemoryError, RecursionError):
        answer = {"problem": f"{name} takes too much memory to read: save it as plain text"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
