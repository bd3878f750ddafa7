"""The model article's sample: only the import line is changed."""

import torch
from diffusers.utils import export_to_video

from rushes.compat.text_to_video import TextToVideoSDPipeline

pipe = TextToVideoSDPipeline.from_pretrained(
    "alibaba/Wan2.2-T2V-A14B", torch_dtype=torch.float16, variant="fp16"
).to("cuda")
frames = pipe(
    prompt="一只银色狐狸在极光下跃过雪原，远处有山，电影感",
    num_frames=16,
    height=720,
    width=1280,
    num_inference_steps=50,
    guidance_scale=9.0,
).frames[0]
print(export_to_video(frames, "output.mp4", fps=8))
