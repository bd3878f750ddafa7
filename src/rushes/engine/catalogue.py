"""Models by name: packaged, fetched, or a folder. Loads nothing, imports no torch."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from rushes.core.errors import UsageError
from rushes.core.settings import PULLING, Settings

_WEIGHTS = Path(str(files("rushes"))) / "weights"

PACKAGED: Mapping[str, Path] = MappingProxyType({"mini": _WEIGHTS / "mini"})

# Published models and what else they are called. The articles' names are among them: ``damo/...`` and
# ``alibaba/...`` exist on no hub, but it is clear what is meant.
PUBLISHED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "wan2.2-t2v-a14b": (
            "Wan-AI/Wan2.2-T2V-A14B",
            "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
            "damo/Wan2.2-T2V-A14B",
            "alibaba/Wan2.2-T2V-A14B",
        ),
        "wan2.2-i2v-a14b": ("Wan-AI/Wan2.2-I2V-A14B", "Wan-AI/Wan2.2-I2V-A14B-Diffusers"),
        "wan2.2-ti2v-5b": ("Wan-AI/Wan2.2-TI2V-5B", "Wan-AI/Wan2.2-TI2V-5B-Diffusers"),
        "wan2.1-t2v-14b": ("Wan-AI/Wan2.1-T2V-14B", "Wan-AI/Wan2.1-T2V-14B-Diffusers"),
        "wan2.1-t2v-1.3b": ("Wan-AI/Wan2.1-T2V-1.3B", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"),
    }
)


def published_name(name: str) -> str | None:
    """Our name of a published model called ``name`` here, on a hub or in the articles; None for others."""
    for ours, others in PUBLISHED.items():
        if name.lower() in (ours, *(other.lower() for other in others)):
            return ours
    return None


def fetched_folder(name: str) -> Path:
    """Where the published model ``name`` lies when it is on this machine."""
    return Settings.from_environment().models / name


def model_folder(name: str) -> Path:
    """The folder of a packaged model, of one below ``RUSHES_HOME/models``, or ``name`` itself as a path.

    Raises UsageError for an unknown name, and for a published model that is not, or not yet whole, on this
    machine.
    """
    if name in PACKAGED:
        return PACKAGED[name]
    if Path(name).exists():
        return Path(name)
    published = published_name(name)
    if published is None and Path(name).name == name and fetched_folder(name).is_dir():
        return fetched_folder(name)
    if published is None:
        names = ", ".join([*PACKAGED, *PUBLISHED])
        raise UsageError(f"model {name!r} is unknown: choose {names}, or give a model's folder or file")
    return pulled_folder(published)


def pulled_folder(name: str) -> Path:
    """Where what was pulled as ``name`` is. Raises UsageError, naming the remedy, when it is not whole."""
    folder = fetched_folder(name)
    if not folder.is_dir():
        part = "only partly" if folder.with_name(name + PULLING).is_dir() else "not"
        raise UsageError(
            f"{name} is {part} on this machine: rushes models pull {name} fetches it; mini needs no pull"
        )
    return folder
