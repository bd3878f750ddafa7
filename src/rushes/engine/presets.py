"""Named ways to drive a model that come as a whole: sampling, and the LoRAs it was distilled into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from rushes.core.errors import UsageError
from rushes.core.lora_use import LoraUse, Noise
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Sampling
from rushes.engine.catalogue import pulled_folder

PAIR = {Noise.HIGH: "high_noise_model.safetensors", Noise.LOW: "low_noise_model.safetensors"}


@dataclass(frozen=True)
class Preset:
    """``loras``: model -> name under which the pair of LoRAs made for it is pulled."""

    name: str
    sampling: Sampling
    loras: Mapping[str, str]

    def drive(self, facts: ModelFacts, steps: int | None) -> ModelFacts:
        """``facts`` with the preset's sampling as what is usual.

        Raises UsageError for a model it was not made for, and for another number of ``steps``.
        """
        if facts.name not in self.loras:
            raise UsageError(
                f"preset {self.name} was made for {' and '.join(self.loras)}, not for {facts.name!r}: leave "
                "it out, or choose one of them with --model"
            )
        if steps not in (None, self.sampling.steps):
            raise UsageError(
                f"preset {self.name} takes {self.sampling.steps} steps, not {steps}: leave out --steps"
            )
        return replace(facts, defaults=replace(facts.defaults, sampling=self.sampling))

    def add_pair(self, facts: ModelFacts, given: Sequence[LoraUse]) -> tuple[LoraUse, ...]:
        """``given`` behind the preset's own pair.

        Without the pair on this machine, files given for the high-noise and for the low-noise expert are
        taken for it. Raises UsageError when there is neither.
        """
        name = self.loras[facts.name]
        try:
            folder = pulled_folder(name)
        except UsageError as error:
            if {Noise.HIGH, Noise.LOW} <= {use.noise for use in given}:
                return tuple(given)
            raise UsageError(
                f"preset {self.name} needs its pair of LoRAs: rushes models pull {name} fetches it, or give "
                "the files with --lora-high and --lora-low"
            ) from error
        return (*(LoraUse(folder / file, 1.0, noise) for noise, file in PAIR.items()), *given)


# ModelTC/Wan2.2-Lightning: four Euler steps without guidance; the levels are those of 4 steps at shift 5.
_LIGHTNING = Preset(
    "lightning",
    Sampling(4, 1.0, 1.0, shift=5.0, step_rule="euler", sigmas=(1.0, 0.9375, 5 / 6, 0.625, 0.0)),
    {name: f"{name}-lightning" for name in ("wan2.2-t2v-a14b", "wan2.2-i2v-a14b")},
)

PRESETS: Mapping[str, Preset] = MappingProxyType({_LIGHTNING.name: _LIGHTNING})


def find_preset(name: str) -> Preset:
    """The preset called ``name``. Raises UsageError, with the choices, for another."""
    if name not in PRESETS:
        raise UsageError(f"preset {name!r} is unknown: choose {', '.join(PRESETS)}")
    return PRESETS[name]
