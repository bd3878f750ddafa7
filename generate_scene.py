"""Words into scene.mp4: ``python generate_scene.py "a fox leaps over snow"``; asks when no words come."""

import os
import sys
from pathlib import Path

ENVIRONMENT = Path(__file__).parent / ".venv" / "bin" / "python"


def main() -> None:
    """Ask for a prompt if need be, then do what ``rushes shoot --output scene.mp4`` does."""
    try:
        from rushes.cli import main as rushes  # noqa: PLC0415  may be missing
    except ImportError:
        if not ENVIRONMENT.exists() or Path(sys.prefix) == ENVIRONMENT.parents[1]:
            sys.exit('rushes is not installed here: run make scene PROMPT="a fox leaps over snow" once')
        os.execv(ENVIRONMENT, [str(ENVIRONMENT), *sys.argv])
    try:
        prompt = " ".join(sys.argv[1:]) or input("Describe the shot: ")
    except EOFError:
        sys.stderr.write("\nno words to film\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.argv = ["rushes", "shoot", "--output", "scene.mp4", "--", prompt]
    rushes()


if __name__ == "__main__":
    main()
