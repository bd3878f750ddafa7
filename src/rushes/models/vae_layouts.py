"""diffusers' names of the Wan autoencoders' tensors, one table for each."""

from rushes.models.layouts import Layout

_BLOCK = {
    "residual.0": "norm1",
    "residual.2": "conv1",
    "residual.3": "norm2",
    "residual.6": "conv2",
    "shortcut": "conv_shortcut",
}


def _block(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.{name}": f"{theirs}.{foreign}" for name, foreign in _BLOCK.items()}


def _resample(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.{name}": f"{theirs}.{name}" for name in ("resample.1", "time_conv")}


def _frame(side: str) -> dict[str, str]:
    """Entry, middle and exit, which encoder and decoder of both autoencoders share."""
    attention = {
        f"{side}.middle.1.{name}": f"{side}.mid_block.attentions.0.{name}"
        for name in ("norm", "to_qkv", "proj")
    }
    return {
        f"{side}.conv1": f"{side}.conv_in",
        **_block(f"{side}.middle.0", f"{side}.mid_block.resnets.0"),
        **attention,
        **_block(f"{side}.middle.2", f"{side}.mid_block.resnets.1"),
        f"{side}.head.0": f"{side}.norm_out",
        f"{side}.head.2": f"{side}.conv_out",
    }


_ENDS = {"conv1": "quant_conv", "conv2": "post_quant_conv", **_frame("encoder"), **_frame("decoder")}


def wan_vae21_layout(levels: int, blocks: int) -> Layout:
    """The 2.1 autoencoder: our decoder levels are one flat list, theirs are nested."""
    flat = "encoder.downsamples.{n}", "encoder.down_blocks.{n}"
    rules = {**_ENDS, **_block(*flat), **_resample(*flat)}
    stride = blocks + 2  # blocks + 1 residual blocks and the upsampling
    for level in range(levels):
        theirs = f"decoder.up_blocks.{level}"
        for index in range(blocks + 1):
            rules |= _block(f"decoder.upsamples.{level * stride + index}", f"{theirs}.resnets.{index}")
        rules |= _resample(f"decoder.upsamples.{level * stride + blocks + 1}", f"{theirs}.upsamplers.0")
    return Layout("diffusers Wan2.1 VAE", rules)


def wan_vae22_layout(levels: int, blocks: int) -> Layout:
    """The 2.2 autoencoder: both are nested."""
    rules = dict(_ENDS)
    for level in range(levels):
        down = f"encoder.downsamples.{level}.downsamples", f"encoder.down_blocks.{level}"
        up = f"decoder.upsamples.{level}.upsamples", f"decoder.up_blocks.{level}"
        for index in range(blocks):
            rules |= _block(f"{down[0]}.{index}", f"{down[1]}.resnets.{index}")
        rules |= _resample(f"{down[0]}.{blocks}", f"{down[1]}.downsampler")
        for index in range(blocks + 1):
            rules |= _block(f"{up[0]}.{index}", f"{up[1]}.resnets.{index}")
        rules |= _resample(f"{up[0]}.{blocks + 1}", f"{up[1]}.upsampler")
    return Layout("diffusers Wan2.2 VAE", rules)
