"""Takes made of footage: an edit, a clip that goes on, a clip between two pictures; as planned."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.cli.footage import read_end, read_footage
from rushes.cli.framing import PATCH, frame
from rushes.cli.planned import Asked, Given, Planned
from rushes.cli.words import read_words
from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Edit, Request
from rushes.core.timebase import frames_at, parse_seconds

if TYPE_CHECKING:
    from rushes.engine.given import Box

# Settings of a take that is made of footage; a take has one of them at most.
EDIT, EXTEND, BETWEEN = MADE_OF = ("edit", "extend", "between")
LONGEST_SECONDS = 30
# The digest of footage that is not read yet; an estimate needs none.
_UNREAD = "unread"
# FlowEdit's for Stable Diffusion 3 are 3.5 and 13.5; mini's own guidance is lower, and so are these.
TARGET_GUIDANCE = 5.5


def plan_remake(folder: Path, facts: ModelFacts, asked: Asked, given: Given) -> Planned:
    """What the engine makes of footage. Raises UsageError for what the model cannot do with it."""
    check_remake(asked)
    if EDIT in asked.settings:
        assert given.clip is not None
        return _plan_edit(folder, facts, asked, given.clip)
    if EXTEND in asked.settings:
        assert given.clip is not None
        return _plan_extend(folder, facts, asked, given.clip)
    assert given.ends is not None
    return _plan_between(folder, facts, asked, given.ends)


def sketch_remake(folder: Path, facts: ModelFacts, asked: Asked, given: Given) -> Planned:
    """:func:`plan_remake` by the length of the footage alone, for an estimate: nothing loads torch."""
    from rushes.media.video import probe

    check_remake(asked)
    if BETWEEN in asked.settings:
        return _sketch_between(folder, facts, asked)
    assert given.clip is not None
    if not given.clip.is_file():
        raise UsageError("the clip's file is gone: make the take again")
    found = probe(given.clip)
    if asked.settings.get(EDIT, {}).get("box") is not None:
        _read_box(asked.settings[EDIT]["box"], (found.width, found.height))
    num_given = frames_at(found.num_frames, found.frame_rate, facts.defaults.frame_rate)
    sketch = _sketch_edit if EDIT in asked.settings else _sketch_extend
    return sketch(folder, facts, asked, num_given)


def check_remake(asked: Asked) -> None:
    """Raise UsageError for settings that do not go with footage."""
    if (
        asked.settings.keys() - set(MADE_OF) - {"seconds", "frame_rate"}
        or len(asked.settings.keys() & set(MADE_OF)) > 1
    ):
        raise UsageError(f"a take is one of {', '.join(MADE_OF)}, and its length is all that can be told it")


def check_editable(facts: ModelFacts) -> None:
    """Raise UsageError for a model whose clips cannot be edited."""
    if facts.conventions.motion_channels:
        raise UsageError(
            f"model {facts.name!r} makes motion beside the picture, which no clip gives: no edits"
        )


def _plan_edit(folder: Path, facts: ModelFacts, asked: Asked, clip: Path) -> Planned:
    """The words say what the clip becomes; ``was`` is what the model reads for it as it is."""
    import numpy as np

    from rushes.engine.given import changing, repainting

    box: str | None = asked.settings[EDIT]["box"]
    footage = read_footage(clip, facts)
    planned = _sketch_edit(folder, facts, asked, len(footage.frames))
    frames = np.concatenate([footage.frames, footage.frames[-1:].repeat(planned.request.trim, axis=0)])
    if box is None:
        given = changing(frames, facts.compression)
    else:
        token = PATCH * facts.compression.height
        given = repainting(frames, native_box(box, footage.size, facts), token, facts.compression)
    return replace(planned, request=replace(planned.request, given=given.digest), given=given)


def _sketch_edit(folder: Path, facts: ModelFacts, asked: Asked, num_given: int) -> Planned:
    from rushes.engine.plan import check_any_tokens

    check_editable(facts)
    how: Mapping[str, Any] = asked.settings[EDIT]
    request = _footage(facts, asked, num_given)
    if how["box"] is None:
        request = _edited(request, Edit(how["was"], how["strength"], masked=how["mask"]))
    else:
        check_any_tokens(facts.name, facts.conventions.any_tokens)
    return Planned(folder, facts, request, frame(facts, None, None))


def _plan_extend(folder: Path, facts: ModelFacts, asked: Asked, clip: Path) -> Planned:
    from rushes.engine.given import beginning, windows

    footage = read_footage(clip, facts)
    num_given, limit = len(footage.frames), facts.defaults.frame_limits[1]
    planned = _sketch_extend(folder, facts, asked, num_given)
    longest = max(windows(num_given, planned.request.num_frames, limit, facts.compression))
    given = beginning(footage.frames)
    window = replace(_footage(facts, asked, longest), given=given.digest)
    request = replace(planned.request, given=given.digest)
    return replace(planned, request=request, given=given, window=window)


def _sketch_extend(folder: Path, facts: ModelFacts, asked: Asked, num_given: int) -> Planned:
    from rushes.engine.plan import check_any_tokens

    check_any_tokens(facts.name, facts.conventions.any_tokens)
    more, rate = parse_seconds(asked.settings[EXTEND]["seconds"]), facts.defaults.frame_rate
    total = num_given + round(more * rate)
    if more <= 0 or total > LONGEST_SECONDS * rate + 1:
        raise UsageError(
            f"{float(more):g} s more than {float(num_given / rate):.1f} s cannot be made: ask for more than 0"
            f" and {LONGEST_SECONDS} s in all"
        )
    request = replace(_footage(facts, asked, 1), num_frames=total, trim=0)
    words = read_words(facts, asked.prompt)
    return Planned(folder, facts, request, frame(facts, None, None), words=words.lines)


def _footage(facts: ModelFacts, asked: Asked, num_frames: int) -> Request:
    """So many frames of a given clip, as the words have it."""
    from rushes.engine.plan import Order, plan

    words = read_words(facts, asked.prompt)
    order = Order(asked.prompt, words.text, asked.seed, num_frames=num_frames, told=words.told)
    return _of_footage(plan(facts, order)[0])


def _plan_between(folder: Path, facts: ModelFacts, asked: Asked, ends: tuple[Path, Path]) -> Planned:
    from rushes.engine.given import joining

    is_clip: Mapping[str, Any] = asked.settings[BETWEEN]
    planned = _sketch_between(folder, facts, asked)
    first = read_end(ends[0], facts, -1, is_clip["first_is_clip"])
    last = read_end(ends[1], facts, 0, is_clip["last_is_clip"])
    given = joining(first, last, planned.request.num_frames, facts.compression)
    return replace(planned, request=replace(planned.request, given=given.digest), given=given)


def _sketch_between(folder: Path, facts: ModelFacts, asked: Asked) -> Planned:
    from rushes.engine.plan import Order, check_any_tokens, plan

    check_any_tokens(facts.name, facts.conventions.any_tokens)
    words = read_words(facts, asked.prompt)
    seconds = asked.settings.get("seconds")
    length = None if seconds is None else parse_seconds(seconds)
    request, duration = plan(facts, Order(asked.prompt, words.text, asked.seed, length, told=words.told))
    # the last latent frame holds the other picture for several frames: the first of them is the end
    request = _of_footage(replace(request, trim=facts.compression.time - 1))
    framing = frame(facts, None, None)
    return Planned(folder, facts, request, framing, words=words.lines, length=duration.describe())


def _edited(request: Request, how: Edit) -> Request:
    sampling = replace(
        request.sampling, step_rule="euler", guidance_high=TARGET_GUIDANCE, guidance_low=TARGET_GUIDANCE
    )
    return replace(request, edit=how, sampling=sampling)


def _of_footage(request: Request) -> Request:
    """A request for one take of what is given: a first still and candidates are for clips made of nothing."""
    return replace(request, given=_UNREAD, candidates=1, sampling=replace(request.sampling, still_shift=0.0))


def native_box(text: str, size: tuple[int, int], facts: ModelFacts) -> "Box":
    """``"x,y,w,h"`` in pixels of the file (width, height) -> the box in the model's own picture."""
    from rushes.engine.given import Box

    x, y, width, height = _read_box(text, size)
    top, left, tall, broad = facts.defaults.crop
    # files of another shape fill the picture and stick out evenly
    scale = max(broad / size[0], tall / size[1])
    shift_x, shift_y = (broad - size[0] * scale) / 2 + left, (tall - size[1] * scale) / 2 + top
    x0, y0 = round(max(x * scale + shift_x, left)), round(max(y * scale + shift_y, top))
    x1 = round(min((x + width) * scale + shift_x, left + broad))
    y1 = round(min((y + height) * scale + shift_y, top + tall))
    return Box(x0, y0, max(1, x1 - x0), max(1, y1 - y0))


def _read_box(text: str, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """``"x,y,w,h"`` in pixels of a file (width, height). Raises UsageError for what is not inside of it."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"box {text!r} is not x,y,w,h in pixels: write it like 320,180,640,360")
    x, y, width, height = map(int, parts)
    if not width or not height or x + width > size[0] or y + height > size[1]:
        raise UsageError(f"box {text} does not lie inside of {size[0]}x{size[1]}: choose a smaller one")
    return x, y, width, height
