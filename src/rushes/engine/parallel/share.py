"""A whole model in this process becomes this rank's share of it."""

from dataclasses import replace
from functools import partial

from rushes.engine.parallel.experts import share_experts
from rushes.engine.parallel.guidance import SharedGuidance
from rushes.engine.parallel.matrices import share_matrices
from rushes.engine.parallel.mesh import Mesh
from rushes.engine.parallel.rows import share_rows
from rushes.engine.parallel.tokens import share_tokens
from rushes.engine.run import Run
from rushes.models.bundle import Bundle
from rushes.models.tiled_codec import TiledCodec
from rushes.models.transformer import WanTransformer


def share_transformer(transformer: WanTransformer, mesh: Mesh) -> None:
    """Divide one transformer as the mesh's layout says; from then on it works with the other ranks' only.

    Raises UsageError when it cannot be divided so.
    """
    mesh.layout.check(transformer.config)
    share_matrices(transformer, mesh.tensor)
    share_experts(transformer, mesh.expert, mesh.tensor)
    share_tokens(transformer, mesh.tokens)


def share_bundle(bundle: Bundle, mesh: Mesh) -> None:
    """Divide every transformer, and the codec's decoder by rows over all ranks."""
    for transformer in {id(each.transformer): each.transformer for each in bundle.experts}.values():
        share_transformer(transformer, mesh)
    assert not isinstance(bundle.codec, TiledCodec), "ranks divide whole pictures"
    share_rows(bundle.codec, mesh.everyone)


def share_run(run: Run, mesh: Mesh) -> Run:
    """The run with its guidance divided, where the layout divides it."""
    if mesh.guidance.size == 1:
        return run
    return replace(run, guide=partial(SharedGuidance, channel=mesh.guidance))
