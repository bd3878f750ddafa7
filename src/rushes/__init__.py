"""rushes turns words into shots and shots into a rough cut."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rushes.compat.wan_pipeline import WanPipeline

__version__ = "0.1.0"
__all__ = ["WanPipeline", "__version__"]


def __getattr__(name: str) -> Any:
    """Load a face only when it is asked for: ``import rushes`` stays light and free of torch."""
    if name == "WanPipeline":
        from rushes.compat.wan_pipeline import WanPipeline  # noqa: PLC0415

        return WanPipeline
    raise AttributeError(f"module 'rushes' has no attribute {name!r}")
