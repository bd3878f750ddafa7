"""``/v1/variants``: many descriptions from one, counted before anything runs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rushes.core.errors import UsageError
from rushes.core.request import MAX_SEED
from rushes.language.variants import Axis, Variant, count, read_axis
from rushes.language.variants import variants as vary
from rushes.service.caller import Reader
from rushes.service.errors import ERRORS
from rushes.service.video_fields import Words

router = APIRouter(prefix="/v1", tags=["variants"], responses=ERRORS)
# Every one is parsed and edited while the caller waits.
MOST_VARIANTS = 1000
_EXAMPLE: dict[str, Any] = {
    "text": "a red fox in rain at night",
    "axes": ["weather=rain,snow", "colour=red,gray"],
    "seeds": 2,
}


class VariantsWish(BaseModel):
    """What to vary: axes like ``weather=rain,snow`` or ``sandstorm=light..extreme:4``.

    ``fill``: every combination, ``cells`` of them, or each value of the longest axis once. Every description
    gets ``seeds`` seeds from ``first_seed`` on.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    text: Words
    axes: Annotated[list[Annotated[str, Field(max_length=400)]], Field(min_length=1, max_length=8)]
    seeds: Annotated[int, Field(ge=1, le=99)] = 1
    fill: Literal["full", "sparse", "latin"] = "full"
    cells: Annotated[int, Field(ge=0, le=MOST_VARIANTS)] = 0
    first_seed: Annotated[int, Field(ge=0, le=MAX_SEED - 99)] = 0

    def number(self) -> int:
        """How many there will be. UsageError for axes that are none, and for too many variants."""
        found = count(self._axes(), self.seeds, self.fill, self.cells)
        if found > MOST_VARIANTS:
            raise UsageError(f"{found} variants are more than {MOST_VARIANTS}: draw a sparse fill")
        return found

    def variants(self) -> list[Variant]:
        """All of them, seeds innermost."""
        self.number()
        made = vary(self.text, self._axes(), self.seeds, self.fill, self.cells, self.first_seed)
        return list(made)

    def _axes(self) -> list[Axis]:
        return [read_axis(written) for written in self.axes]


class VariantView(BaseModel):
    """One description: the value of each axis, the seed, the words."""

    values: dict[str, str]
    seed: int
    text: str


class Variants(BaseModel):
    """The table."""

    object: Literal["list"] = "list"
    count: int
    data: list[VariantView]


@router.post("/variants")
def variants(_caller: Reader, asked: VariantsWish) -> Variants:
    """Vary what a description says, word by word. Nothing is filmed: send the same in a batch for that."""
    data = [
        VariantView(values=dict(each.values), seed=each.seed, text=each.text) for each in asked.variants()
    ]
    return Variants(count=len(data), data=data)
