"""A model by name, with its weights."""

from pathlib import Path

import torch

from rushes.engine.catalogue import model_folder
from rushes.models.bundle import Bundle, load_bundle


def load_model(name: str | Path, dtype: torch.dtype, device: torch.device | str = "cpu") -> Bundle:
    """Load the model called ``name``, or in the folder ``name``.

    Raises UsageError for an unknown name and WeightsError, naming file and remedy, for broken files.
    """
    return load_bundle(model_folder(str(name)), dtype, device)
