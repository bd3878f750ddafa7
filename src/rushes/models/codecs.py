"""The video codecs there are, by the kind that ``model.json`` names."""

from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22, WanVAE22Config

Codec = MiniCodec | WanVAE21 | WanVAE22
CodecConfig = MiniCodecConfig | WanVAE21Config | WanVAE22Config


def build_codec(config: CodecConfig) -> Codec:
    """The codec a configuration describes, its weights not yet loaded."""
    match config:
        case MiniCodecConfig():
            return MiniCodec(config)
        case WanVAE21Config():
            return WanVAE21(config)
        case WanVAE22Config():
            return WanVAE22(config)
