"""Work for several ranks, each piece beside the same on one process. Imported by every rank."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rushes.core.errors import GenerationError
from rushes.core.request import Request
from rushes.diffusion.noise import member_noise
from rushes.engine import generate as generate_module
from rushes.engine.events import Finished, FramesDecoded
from rushes.engine.generate import generate
from rushes.engine.parallel import devices
from rushes.engine.parallel.layout import Layout
from rushes.engine.parallel.mesh import Mesh, join_mesh
from rushes.engine.parallel.ranks import Rank
from rushes.engine.parallel.rows import share_rows
from rushes.engine.parallel.share import share_bundle, share_run, share_transformer
from rushes.engine.run import PLAIN_RUN
from rushes.models import attention
from rushes.models.bundle import load_bundle
from rushes.models.codecs import CodecConfig, build_codec
from rushes.models.transformer import TransformerConfig, WanTransformer


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@dataclass(frozen=True)
class Done:
    """What one rank has after a piece of work, and the bytes it sent for it."""

    result: Any
    sent: Mapping[str, int]


@dataclass(frozen=True)
class Velocity:
    """One forward of a transformer with random weights."""

    config: TransformerConfig
    dtype: torch.dtype = torch.float32
    per_token: bool = False
    members = 2
    grid = (3, 2, 10)  # 15 tokens

    def _transformer(self) -> WanTransformer:
        draw = generator()
        transformer = WanTransformer(self.config).eval().requires_grad_(False)
        for parameter in transformer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * 0.2)
        return transformer.to(self.dtype)

    def _run(self, transformer: WanTransformer) -> Tensor:
        draw = generator()
        latents = torch.randn(self.members, self.config.in_channels, *self.grid, generator=draw)
        context = torch.randn(1, 5, self.config.text_dim, generator=draw)
        memory = transformer.remember(context, camera=torch.rand(1, 3, 3, generator=draw))
        timestep = torch.full((self.members,), 500.0)
        if self.per_token:
            timestep = timestep[:, None].repeat(1, 15)
            timestep[:, :5] = 0
        transformer(latents, timestep, memory)  # the text's keys and values are made on the way
        return transformer(latents, timestep, memory)

    @torch.inference_mode()
    def alone(self, dtype: torch.dtype | None = None) -> Tensor:
        return self._run(self._transformer().to(dtype or self.dtype))

    @torch.inference_mode()
    def together(self, mesh: Mesh) -> Done:
        transformer = self._transformer()
        share_transformer(transformer, mesh)
        seen = []
        transformer.register_forward_pre_hook(lambda *_: seen.append(mesh.traffic.take()))
        result = self._run(transformer)
        return Done(result, mesh.traffic.take())


@dataclass(frozen=True)
class Decoding:
    """A clip decoded by rows."""

    config: CodecConfig
    rows: int

    def codec(self) -> Any:
        draw = generator()
        codec = build_codec(self.config).eval().requires_grad_(False)
        for parameter in codec.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * 0.15)
        return codec

    def latents(self) -> Tensor:
        return torch.randn(1, self.codec().latent_channels, 3, self.rows, 4, generator=generator())

    @torch.inference_mode()
    def alone(self) -> Tensor:
        return self.codec().decode(self.latents())

    @torch.inference_mode()
    def together(self, mesh: Mesh) -> Done:
        codec = self.codec()
        share_rows(codec, mesh.everyone)
        return Done(codec.decode(self.latents()), mesh.traffic.take())


@dataclass(frozen=True)
class Clip:
    """A whole generation."""

    folder: Path
    request: Request

    def _run(self, bundle: Any, run: Any) -> tuple[Tensor, list[Any]]:
        events = list(generate(bundle, self.request, run))
        assert isinstance(events[-1], Finished)
        return events[-1].latents, [event.frames for event in events if isinstance(event, FramesDecoded)]

    def alone(self) -> tuple[Tensor, list[Any]]:
        return self._run(load_bundle(self.folder, torch.float32, "cpu"), PLAIN_RUN)

    def together(self, mesh: Mesh) -> Done:
        bundle = load_bundle(self.folder, torch.float32, "cpu")
        share_bundle(bundle, mesh)
        result = self._run(bundle, share_run(PLAIN_RUN, mesh))
        return Done(result, mesh.traffic.take())


@dataclass(frozen=True)
class Agreement:
    """Ranks compare what they hold: the same numbers, or the same in another order."""

    reordered: bool

    def together(self, mesh: Mesh) -> Done:
        latents = member_noise([3], (4, 3, 2, 4))
        mesh.check_equal(latents)
        try:
            mesh.check_equal(latents.flip(3) if self.reordered and mesh.everyone.index else latents)
        except GenerationError as error:
            return Done(str(error), {})
        return Done("equal", {})


@dataclass(frozen=True)
class Sum:
    """A sum over all, whose bits must not depend on the rank."""

    def together(self, mesh: Mesh) -> Done:
        own = torch.randn(1000, generator=torch.Generator().manual_seed(mesh.everyone.index))
        return Done(mesh.everyone.add(own, "sum"), mesh.traffic.take())


def work(rank: Rank, _order: None) -> None:
    """Pieces of work, each with a layout of its own."""
    attention.PIECE = 8  # several ranges of tokens, also in tests
    for layout, piece in rank.orders():
        rank.say(piece.together(join_mesh(layout)))


def film_with_own_noise(rank: Rank, model: devices.SharedModel) -> None:
    """The fault of an engine where each rank draws noise of its own."""
    drawn = generate_module.member_noise
    generate_module.member_noise = lambda seeds, shape: drawn([s + rank.index for s in seeds], shape)
    devices._film(rank, model)


def die(rank: Rank, how: str) -> None:
    """The second rank ends ``how``, in the middle of work that the others wait for."""
    mesh = join_mesh(Layout(sequence=2))
    rank.say(os.getpid())
    next(rank.orders())
    if rank.index == 1:
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise RuntimeError("a broken part")
    mesh.everyone.gather(torch.ones(3), [(3,)] * 2, "never")


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_end(pids: list[int], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < until, "processes are left"
        time.sleep(0.05)
