"""Which hosted models there are, what they make, and what the vendor publishes about limits and prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

Size = tuple[int, int]

_480P: tuple[Size, ...] = ((832, 480), (480, 832), (624, 624))
_720P: tuple[Size, ...] = ((1280, 720), (720, 1280), (960, 960), (1088, 832), (832, 1088))
_1080P: tuple[Size, ...] = ((1920, 1080), (1080, 1920), (1440, 1440), (1632, 1248), (1248, 1632))
_CHINESE = "https://help.aliyun.com/zh/model-studio/text-to-video-api-reference"
_ENGLISH = "https://www.alibabacloud.com/help/en/model-studio/text-to-video-api-reference"

BASES: Mapping[str, str] = MappingProxyType(
    {
        "beijing": "https://dashscope.aliyuncs.com/api/v1",
        "singapore": "https://dashscope-intl.aliyuncs.com/api/v1",
        "virginia": "https://dashscope-us.aliyuncs.com/api/v1",
    }
)


@dataclass(frozen=True)
class HostedModel:
    """A model of a service, and the vendor's limits.

    ``sizes``: tier -> (width, height), the first of the first tier being the default; ``seconds`` the lengths
    it makes, the first being the default. A key may have ``tasks_at_once`` in flight and submit
    ``submits_a_second``. ``usual_s``: how long a clip takes, until one was timed here.
    """

    name: str
    remote_name: str
    sizes: Mapping[str, tuple[Size, ...]]
    seconds: tuple[int, ...] = (5,)
    frame_rate: Fraction = Fraction(30)
    max_prompt: int = 800
    max_negative: int = 500
    tasks_at_once: int = 2
    submits_a_second: float = 2.0
    usual_s: float = 120.0

    @property
    def default_size(self) -> Size:
        """Width and height when none are asked."""
        return next(iter(self.sizes.values()))[0]

    def tier(self, size: Size) -> str | None:
        """The name the price list has for ``size``; None for a size the model does not make."""
        return next((tier for tier, sizes in self.sizes.items() if size in sizes), None)


@dataclass(frozen=True)
class Price:
    """Money for a second of film, as published at ``source``; ``as_of`` is when that page said so."""

    a_second: Decimal
    currency: str
    source: str
    as_of: str


@dataclass(frozen=True)
class Cost:
    """What a clip costs: ``amount`` of ``currency``."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"


def _model(remote_name: str, sizes: dict[str, tuple[Size, ...]], usual_s: float) -> HostedModel:
    return HostedModel(f"dashscope/{remote_name}", remote_name, MappingProxyType(sizes), usual_s=usual_s)


# Sizes, lengths and limits by the two pages above; the vendor names 1 to 2 minutes for wan2.2, 5 to 10 for
# older models.
MODELS: Mapping[str, HostedModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            _model("wan2.2-t2v-plus", {"1080P": _1080P, "480P": _480P}, 120.0),
            _model("wanx2.1-t2v-turbo", {"720P": _720P, "480P": _480P}, 300.0),
            _model("wanx2.1-t2v-plus", {"720P": _720P}, 600.0),
            _model("wan2.1-t2v-turbo", {"720P": _720P, "480P": _480P}, 300.0),
            _model("wan2.1-t2v-plus", {"720P": _720P}, 600.0),
        )
    }
)


def _prices() -> dict[tuple[str, str, str], Price]:
    """By model, region and tier. What is not here was not found in a copy of the vendor's own pages."""
    yuan = {
        ("wan2.2-t2v-plus", "480P"): "0.14",
        ("wan2.2-t2v-plus", "1080P"): "0.70",
        ("wanx2.1-t2v-turbo", "480P"): "0.24",
        ("wanx2.1-t2v-turbo", "720P"): "0.24",
        ("wanx2.1-t2v-plus", "720P"): "0.70",
    }
    dollars = {
        ("wan2.1-t2v-turbo", "480P"): "0.036",
        ("wan2.1-t2v-turbo", "720P"): "0.036",
        ("wan2.1-t2v-plus", "720P"): "0.10",
    }
    prices = {
        (name, "beijing", tier): Price(Decimal(text), "CNY", _CHINESE, "2025-08")
        for (name, tier), text in yuan.items()
    }
    for (name, tier), text in dollars.items():
        prices[name, "singapore", tier] = Price(Decimal(text), "USD", _ENGLISH, "2025-06")
    return prices


PRICES: Mapping[tuple[str, str, str], Price] = MappingProxyType(_prices())


def find_hosted(name: str) -> HostedModel | None:
    """The hosted model people call ``name``; None where ``name`` is none of them."""
    return MODELS.get(name)


def price_of(model: HostedModel, region: str, size: Size) -> Price | None:
    """Published price in a region; None where it is not known to us."""
    return PRICES.get((model.remote_name, region, model.tier(size) or ""))
