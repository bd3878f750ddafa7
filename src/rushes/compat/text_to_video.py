"""The class name one of the articles calls, ``TextToVideoSDPipeline``, which elsewhere cannot load Wan."""

import warnings

from rushes.compat.wan_pipeline import WanPipeline

# Wan's own guidance is 3 to 5; the article's 9, from another model family, burns the colours.
SENSIBLE_GUIDANCE = 7.0


class TextToVideoSDPipeline(WanPipeline):
    """:class:`WanPipeline` under the other name; its calls are honoured as they are, doubts are said."""

    def __call__(self, *arguments: object, **named: object) -> object:  # type: ignore[override]
        """As :meth:`WanPipeline.__call__`."""
        guidance = named.get("guidance_scale")
        if isinstance(guidance, int | float) and guidance > SENSIBLE_GUIDANCE:
            warnings.warn(
                f"guidance_scale {guidance:g} is used as asked; Wan models are made for 3 to 5", stacklevel=2
            )
        return super().__call__(*arguments, **named)  # type: ignore[arg-type]
