"""What can be pulled: repositories, and which of their files a model needs.

Names and files from the listings of the repositories (Wan-AI, lightx2v); sizes computed from the numbers of
parameters and how they are stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

GB = 10**9
_TEXT_AND_CODEC = ("models_t5_umt5-xxl-enc-bf16.pth", "google/umt5-xxl/spiece.model")
_WHOLE = ("config.json", "*.safetensors")
_SHARDS = (*_WHOLE, "*.safetensors.index.json")
_LICENCE_TEXT = ("LICENSE*",)


@dataclass(frozen=True)
class Pullable:
    """A repository, by the same name on both hubs, and patterns of the paths of the files that are needed.

    ``optional`` files are taken where they exist. Paths are below ``subfolder``, which is left out here. An
    asterisk stands for anything but a slash. ``kind`` is the layout of the files. ``about_bytes`` is None
    where no listing tells the size.
    """

    name: str
    repository: str
    needed: tuple[str, ...]
    licence: str
    about_bytes: int | None
    optional: tuple[str, ...] = ()
    subfolder: str = ""
    kind: str = "official"

    def wants(self, path: str) -> str | None:
        """Where a file of the repository goes, relative to the model's folder; None for one not needed."""
        prefix = f"{self.subfolder}/" if self.subfolder else ""
        inner = path.removeprefix(prefix)
        if not path.startswith(prefix) or not any(
            _matches(inner, pattern) for pattern in (*self.needed, *self.optional)
        ):
            return None
        return inner

    def lacking(self, paths: list[str]) -> list[str]:
        """Needed patterns that none of ``paths`` meets."""
        return [each for each in self.needed if not any(_matches(path, each) for path in paths)]


def _matches(path: str, pattern: str) -> bool:
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _pair(name: str, repository: str) -> Pullable:
    experts = tuple(f"{side}_noise_model/{file}" for side in ("high", "low") for file in _SHARDS)
    return Pullable(
        name,
        repository,
        (*experts, *_TEXT_AND_CODEC, "Wan2.1_VAE.pth"),
        "Apache-2.0",
        126 * GB,
        _LICENCE_TEXT,
    )


def _single(name: str, repository: str, files: tuple[str, ...], about_bytes: int) -> Pullable:
    return Pullable(name, repository, (*files, *_TEXT_AND_CODEC), "Apache-2.0", about_bytes, _LICENCE_TEXT)


def _lightning(name: str, subfolder: str) -> Pullable:
    files = ("high_noise_model.safetensors", "low_noise_model.safetensors")
    return Pullable(
        name, "lightx2v/Wan2.2-Lightning", files, "Apache-2.0", None, subfolder=subfolder, kind="lora"
    )


_ALL = (
    _pair("wan2.2-t2v-a14b", "Wan-AI/Wan2.2-T2V-A14B"),
    _pair("wan2.2-i2v-a14b", "Wan-AI/Wan2.2-I2V-A14B"),
    _single("wan2.2-ti2v-5b", "Wan-AI/Wan2.2-TI2V-5B", (*_SHARDS, "Wan2.2_VAE.pth"), 34 * GB),
    _single("wan2.1-t2v-14b", "Wan-AI/Wan2.1-T2V-14B", (*_SHARDS, "Wan2.1_VAE.pth"), 69 * GB),
    _single("wan2.1-t2v-1.3b", "Wan-AI/Wan2.1-T2V-1.3B", (*_WHOLE, "Wan2.1_VAE.pth"), 18 * GB),
    _lightning("wan2.2-t2v-a14b-lightning", "Wan2.2-T2V-A14B-4steps-lora-rank64-Seko-V1.1"),
    _lightning("wan2.2-i2v-a14b-lightning", "Wan2.2-I2V-A14B-4steps-lora-rank64-Seko-V1"),
)

PULLABLE: Mapping[str, Pullable] = MappingProxyType({each.name: each for each in _ALL})
