"""The process's own memory and the machine's: what is taken, what is free, how the allocator gives back."""

import ctypes
import gc
import sys

import psutil
import torch

# Tensors from this size on go back to the system when they are freed, and leave no holes behind. By itself
# glibc moves the threshold up to 32 MB and then needs up to twice the memory; below 1 MB allocating is slow.
RETURNED_BYTES = 4 << 20
_M_MMAP_THRESHOLD = -3  # malloc.h


def return_freed_memory() -> None:
    """Let glibc's allocator return freed tensors at once; other allocators are left as they are."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, RETURNED_BYTES)


def give_back_unused(device: torch.device) -> None:
    """Return what nobody holds any more, such as a model that was let go: it would count as ours."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def own_memory(device: torch.device) -> int:
    """Bytes this process holds on ``device``: on the CPU what cannot be read again from files."""
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device)
    usage = psutil.Process().memory_info()
    return usage.rss - getattr(usage, "shared", 0)


def free_memory(device: torch.device) -> int:
    """Bytes ``device`` can still give without swapping."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
