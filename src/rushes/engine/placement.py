"""Where and how precisely a model computes, and the facts of the machine a recipe records beside itself."""

import os
import platform
from collections.abc import Mapping

import torch

CPU = torch.device("cpu")


def best_device() -> torch.device:
    """The first GPU, or the CPU where there is none."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else CPU


def compute_dtype(device: torch.device = CPU) -> torch.dtype:
    """bfloat16 on GPUs and where the CPU multiplies it natively (AVX-512 BF16 or AMX), else float32.

    Without such instructions bfloat16 is emulated and slower than float32.
    """
    if device.type != "cpu":
        return torch.bfloat16
    abilities = torch.cpu.get_capabilities()
    native = abilities.get("avx512_bf16") or abilities.get("amx_bf16")
    return torch.bfloat16 if native else torch.float32


def passes_at_once(device: torch.device) -> int:
    """How many passes of a model that is whole in memory run side by side: guidance's two, where torch has
    threads for them (``rushes.engine.side_by_side``)."""
    return 2 if device.type == "cpu" and torch.get_num_threads() > 1 else 1


def machine_facts(dtype: torch.dtype, device: torch.device = CPU) -> Mapping[str, str | int]:
    """What decides the last bits of a result beside the recipe: equal facts and recipe give equal bytes."""
    gpu = {"gpu": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}
    return {
        "backend": device.type,
        **gpu,
        "cpu": str(torch.cpu.get_capabilities().get("cpu_name") or platform.processor()),
        "dtype": str(dtype).removeprefix("torch."),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 0,
    }
