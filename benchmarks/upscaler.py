"""A model's upscaler beside Lanczos: error against true 1280x720 renders, flicker along the exact flow, time.

Scenes are held out of all training. Inputs are decoded latents, as in filming, and clean small renders. The
row "perfect detail" is the true picture with nothing wrong but the codec's error, enlarged: what a network
that leaves the codec's errors alone could reach at best. Warping errors are root mean squares in levels of a
frame less the one before moved along the flow, where parts stay visible; "beyond the truth" subtracts the
same of the true clip, whose particles move on their own.

Pause any trainer first. Example: python benchmarks/upscaler.py --scenes 24
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from rushes.engine.placement import compute_dtype
from rushes.finish.upscale import OwnUpscale
from rushes.media.picture import lanczos
from rushes.models.bundle import load_bundle
from rushes.models.upscaler import FACTOR, Upscaler
from rushes.training.ship import packaged_folder
from rushes.training.upscaler_data import HEIGHT, SHOT_FRAMES, TOP, WIDTH, coded_clip
from rushes.world.render import render, render_frames
from rushes.world.scene import Scene, sample_scene

CPU = torch.device("cpu")
SEEN = slice(TOP, TOP + HEIGHT)
LARGE = (FACTOR * WIDTH, FACTOR * HEIGHT)
# Training stays below a thousand million; the first seeds above are the evaluation's own prompts.
FIRST_SEED = 1_050_000_000
# Whole latent frames from the middle of a shot; the first frame, which is coded alone, is not judged.
SPAN = range(20, 33)
Frames = NDArray[np.uint8]
Enlarge = Callable[[Frames], Frames]


def by_lanczos(frames: Frames) -> Frames:
    return np.stack([lanczos(frame, *LARGE) for frame in frames])


def by_network(upscaler: Upscaler) -> Enlarge:
    def enlarge(frames: Frames) -> Frames:
        own = OwnUpscale(upscaler, CPU)
        return np.concatenate([own.push(frames), own.end()])

    return enlarge


def psnr(frames: NDArray[np.generic], truth: Frames) -> float:
    error = np.square(frames[1:].astype(np.float32) - truth[1:]).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-5)))


class Warp:
    """The exact flow of a clip, at the large size and where nothing is covered or uncovered nearby."""

    def __init__(self, scene: Scene) -> None:
        clip = render(scene, SHOT_FRAMES)
        self.maps, self.seen = [], []
        rows, columns = np.mgrid[: LARGE[1], : LARGE[0]].astype(np.float32)
        for frame in list(SPAN)[1:-1]:
            same = cv2.erode(clip.visible[frame].astype(np.uint8), np.ones((5, 5), np.uint8))
            same &= self._one_part(clip.ids[frame])
            flow = clip.flow[frame, SEEN].repeat(FACTOR, axis=0).repeat(FACTOR, axis=1) * FACTOR
            self.maps.append((columns + flow[..., 0], rows + flow[..., 1]))
            self.seen.append(same[SEEN].repeat(FACTOR, axis=0).repeat(FACTOR, axis=1).astype(bool))

    @staticmethod
    def _one_part(ids: Frames) -> Frames:
        square = np.ones((5, 5), np.uint8)
        return (cv2.erode(ids, square) == cv2.dilate(ids, square)).astype(np.uint8)

    def residuals(self, frames: Frames) -> list[NDArray[np.float32]]:
        """What is left of every next frame, seen where it came from, less its frame."""
        kept = []
        for index, ((x, y), seen) in enumerate(zip(self.maps, self.seen, strict=True), start=1):
            moved = cv2.remap(frames[index + 1].astype(np.float32), x, y, cv2.INTER_LINEAR)
            kept.append((moved - frames[index])[seen & self._inside(x, y)])
        return kept

    @staticmethod
    def _inside(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.bool_]:
        return (x >= 0) & (x <= LARGE[0] - 1) & (y >= 0) & (y <= LARGE[1] - 1)


def root_mean_square(parts: list[NDArray[np.float32]]) -> float:
    return float(np.sqrt(np.square(np.concatenate(parts)).mean()))


def measure(seed: int, codec: torch.nn.Module, ways: dict[str, Enlarge]) -> dict[str, tuple[float, ...]]:
    """Row -> (PSNR in dB, warping error, warping error beyond the truth's) of one scene."""
    scene = sample_scene(seed)
    small = render_frames(scene, SHOT_FRAMES, SPAN)
    truth = render_frames(scene, SHOT_FRAMES, SPAN, FACTOR)[:, FACTOR * TOP : FACTOR * (TOP + HEIGHT)]
    decoded = coded_clip(small, codec, 0.0, seed=0)
    warp = Warp(scene)
    true_residuals = warp.residuals(truth)
    codec_error = [
        cv2.resize(one, LARGE, interpolation=cv2.INTER_CUBIC)
        for one in (decoded[:, SEEN].astype(np.float32) - small[:, SEEN])
    ]
    rows = {
        f"{source}, {name}": enlarge(frames[:, SEEN])
        for source, frames in (("decoded", decoded), ("clean", small))
        for name, enlarge in ways.items()
    }
    rows["decoded, perfect detail"] = np.clip(truth + np.stack(codec_error), 0, 255).astype(np.uint8)
    figures = {}
    for name, frames in rows.items():
        residuals = warp.residuals(frames)
        beyond = [ours - true for ours, true in zip(residuals, true_residuals, strict=True)]
        figures[name] = (psnr(frames, truth), root_mean_square(residuals), root_mean_square(beyond))
    return figures


def seconds_of(enlarge: Enlarge, runs: int) -> float:
    """Median for the 61 frames of five seconds."""
    clip = np.random.default_rng(0).integers(0, 256, (61, HEIGHT, WIDTH, 3), dtype=np.uint8)
    taken = []
    for _ in range(runs):
        before = time.perf_counter()
        enlarge(clip)
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, default=packaged_folder(), help="folder of a model")
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3, help="for the time; 0 leaves it out")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    codec = load_bundle(options.model, torch.float32, CPU).codec
    upscaler = load_bundle(options.model, compute_dtype(CPU), CPU).upscaler
    if upscaler is None:
        raise SystemExit(f"{options.model} has no upscaler")
    ways = {"lanczos": by_lanczos, "own": by_network(upscaler)}
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}")
    print(f"load {os.getloadavg()[0]:.2f}, {options.scenes} scenes\n")
    print("| input, way | PSNR dB (worst) | warping error | beyond the truth |\n|---|---|---|---|")
    scenes = [measure(FIRST_SEED + index, codec, ways) for index in range(options.scenes)]
    for name in scenes[0]:
        quality, warping, beyond = zip(*(figures[name] for figures in scenes), strict=True)
        print(
            f"| {name} | {np.mean(quality):.2f} ({min(quality):.2f}) "
            f"| {np.mean(warping):.2f} | {np.mean(beyond):.2f} |"
        )
    if options.runs:
        for name, enlarge in ways.items():
            seconds = seconds_of(enlarge, options.runs)
            print(f"\n{name}: {seconds:.1f} s for 61 frames on {options.threads} threads", end="")
    print(f"\n\nload after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
