"""What is asked of a hosted model, checked before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rushes.core.errors import UsageError
from rushes.hosted.models import Cost, HostedModel, Price, Size, price_of

REVISION = 1
# The vendor's seeds are signed 32-bit numbers.
MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Wish:
    """One clip of a hosted model: ``size`` (width, height) in pixels, ``seconds`` long."""

    model: HostedModel
    prompt: str
    seed: int
    size: Size
    seconds: int
    negative: str = ""

    def __post_init__(self) -> None:
        """Raise UsageError for what the model does not make; the service would only cut or charge it."""
        model = self.model
        if model.tier(self.size) is None:
            sizes = ", ".join(f"{w}x{h}" for sizes in model.sizes.values() for w, h in sizes)
            raise UsageError(f"{model.name} makes no {self.size[0]}x{self.size[1]}: choose {sizes}")
        if self.seconds not in model.seconds:
            choices = ", ".join(map(str, model.seconds))
            raise UsageError(f"{model.name} makes no clips of {self.seconds} s: choose {choices}")
        for name, text, most in (
            ("prompt", self.prompt, model.max_prompt),
            ("negative prompt", self.negative, model.max_negative),
        ):
            if len(text) > most:
                raise UsageError(f"{name} has {len(text)} characters, {model.name} reads {most}: shorten it")
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"seed {self.seed} is out of range: {model.name} takes 0 to {MAX_SEED}")

    def price(self, region: str) -> Price | None:
        """The published price of a second of this; None where it is not known."""
        return price_of(self.model, region, self.size)

    def cost(self, region: str) -> Cost | None:
        """The published price of the whole clip; None where it is not known."""
        price = self.price(region)
        return None if price is None else Cost(price.a_second * self.seconds, price.currency)

    def body(self) -> dict[str, Any]:
        """As the service reads it. Words are the director's: the service may not rewrite them."""
        said = {"prompt": self.prompt, "negative_prompt": self.negative}
        return {
            "model": self.model.remote_name,
            "input": {name: text for name, text in said.items() if text},
            "parameters": {
                "size": f"{self.size[0]}*{self.size[1]}",
                "duration": self.seconds,
                "seed": self.seed,
                "prompt_extend": False,
                "watermark": False,
            },
        }

    def settings(self) -> Mapping[str, Any]:
        """What a recipe records: equal settings ask for the same clip."""
        return {"service": "dashscope", **self.body()}
