"""How long a take will last, before anything is loaded: one block of the network is timed for a moment."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from torch import Tensor

from rushes.engine.forecast import Needs
from rushes.engine.side_by_side import threads_of_a_pass
from rushes.models.attention import DEVICE_PIECE, PIECE, KeysValues, attend
from rushes.models.rope import rope_tables
from rushes.models.transformer import Block, TextMemory, TimeRows

REPEATS = 3
MOST_KEYS = 4096


@torch.inference_mode()
def seconds_expected(needs: Needs, passes: int = 1) -> float:
    """Seconds of denoising and decoding on the take's device, as busy as it is now, with guidance's passes
    one after the other or two ``passes`` side by side.

    A block without weights is timed on one range of tokens, attention on one head; work that grows with the
    tokens or their square is scaled. Reading weights while they stream is not in it.
    """
    config, dtype, device = needs.files.transformer, needs.dtype, needs.device
    tokens = min(PIECE if device.type == "cpu" else DEVICE_PIECE, needs.tokens)
    keys = min(MOST_KEYS, needs.tokens)
    with device:
        block = Block(config).to(dtype).eval()
        for parameter in block.parameters():
            parameter.zero_()
        text = torch.zeros(1, 64, config.hidden_size, dtype=dtype)
        memory = TextMemory(text, None).at(0, block.cross_attn)
        time = TimeRows(torch.zeros(1, 6, config.hidden_size), None)
        rope = rope_tables((1, 1, tokens), config.head_dim, torch.float32, device)
        stream = torch.zeros(1, tokens, config.hidden_size)
        heads = torch.zeros(1, keys, 1, config.head_dim, dtype=dtype)
    with threads_of_a_pass(passes):
        one_block = _timed(lambda: block(stream, memory, time, rope))
        one_head = _timed(lambda: attend(heads, KeysValues(heads, heads)))
    attention = config.num_heads * one_head
    # the block's own attention over its few tokens is counted in both, and is small
    per_forward = config.depth * (
        one_block * needs.tokens / tokens + attention * (needs.tokens / keys) ** 2 * (needs.tokens > tokens)
    )
    sampling = needs.request.sampling
    in_turn = 2 if sampling.is_guided and passes == 1 else 1
    # clips with seeds of their own, or candidates, of which only the better half is walked to the end
    clips = needs.members // needs.request.candidates
    forwards = in_turn * clips * needs.request.clip_steps
    return per_forward * (forwards + needs.files.conventions.decode_forwards)


def _timed(work: Callable[[], Tensor]) -> float:
    """Seconds, the median of a few after one to warm up."""
    _finish(work())
    spent = []
    for _ in range(REPEATS):
        started = perf_counter()
        _finish(work())
        spent.append(perf_counter() - started)
    return median(spent)


def _finish(result: Tensor) -> None:
    """Wait for a GPU, which works behind the caller's back."""
    if result.is_cuda:
        torch.cuda.synchronize(result.device)
