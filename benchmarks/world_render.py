"""Times the torch renderer of the film world by batch size, and its feeding; compares its pictures with
those of skia where that is installed. Rehearse: --scenes 8 --frames 5 --batches 2 --compared 3 --runs 1

    python benchmarks/world_render.py --device cuda --scenes 512 --frames 61 --batches 16 64 128 --workers 16
"""

import argparse
import importlib
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from device import Deadline, describe, reason, seconds_and_peak

from rushes.world.raster.batch import Batch, pack
from rushes.world.raster.feed import batches
from rushes.world.raster.render import render_batch, render_maps
from rushes.world.scene import Scene, sample_scene


def main() -> None:
    options = _options()
    device, deadline = torch.device(options.device), Deadline(options.seconds)
    print(f"{describe(device)}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    scenes = [sample_scene(seed) for seed in range(options.scenes)]
    print_likeness(scenes[: options.compared], options.frames, device)
    print_packing(scenes, options.frames, options.workers)
    print("\n| what | scenes a batch | frames/s, median (range) | peak GiB |\n|---|---|---|---|")
    whole = pack(scenes[: max(options.batches)], options.frames)
    for size in options.batches:
        batch = whole if size >= len(scenes) else pack(scenes[:size], options.frames)
        for name, run in (("pictures", render_batch), ("pictures and maps", render_maps)):
            if deadline.passed():
                print("time is up")
                return
            print(row(name, batch, device, run, options.runs), flush=True)
    if device.type == "cuda":
        print_whole(scenes, options, device)
    print(f"\nload after {os.getloadavg()[0]:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--scenes", type=int, default=512)
    parser.add_argument("--frames", type=int, default=61)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--compared", type=int, default=40, help="scenes drawn by skia as well")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=480, help="begin nothing new after this")
    return parser.parse_args()


def print_likeness(scenes: list[Scene], num_frames: int, device: torch.device) -> None:
    """PSNR of the first, middle and last frame against skia, and skia's speed on one core."""
    try:
        render_frames = importlib.import_module("rushes.world.render").render_frames
    except ModuleNotFoundError as error:
        print(f"not compared with skia: {error}")
        return
    alike, spent, drawn = [], 0.0, 0
    for scene in scenes:
        before = time.perf_counter()
        clip = render_frames(scene, num_frames)
        spent, drawn = spent + time.perf_counter() - before, drawn + num_frames
        ours = render_batch(pack([scene], num_frames), device)[0, :: max(1, num_frames // 2)].cpu().numpy()
        error = np.square(ours.astype(np.float64) - clip[:: max(1, num_frames // 2)]).mean()
        alike.append(10 * np.log10(255**2 / max(error, 1e-9)))
    print(
        f"PSNR against skia over {len(scenes)} scenes: mean {np.mean(alike):.1f}, least {min(alike):.1f} dB; "
        f"skia {drawn / spent:.0f} frames/s on one core"
    )


def print_packing(scenes: list[Scene], num_frames: int, workers: int) -> None:
    """Scenes a second that the processes can feed."""
    before = time.perf_counter()
    pack(scenes[:8], num_frames)
    alone = min(8, len(scenes)) / (time.perf_counter() - before)
    start, counted = 0.0, 0
    for index, batch in enumerate(batches(scenes, num_frames, min(16, max(1, len(scenes) // 4)), workers)):
        if index == 0:
            start = time.perf_counter()
        else:
            counted += batch.num_scenes
    fed = f"{counted / (time.perf_counter() - start):.0f}" if counted else "-"
    print(f"packing: {alone:.0f} scenes/s in one process, {fed} from {workers} (after the first batch)")


def row(
    name: str, batch: Batch, device: torch.device, run: Callable[[Batch, torch.device], object], runs: int
) -> str:
    """Frames a second over some runs after one that compiles and warms up."""
    total = batch.num_scenes * batch.num_frames
    try:
        run(batch, device)
        measured = [seconds_and_peak(device, lambda: run(batch, device)) for _ in range(runs)]
    except (RuntimeError, torch.OutOfMemoryError) as error:
        return f"| {name} | {batch.num_scenes} | {reason(error)} | |"
    speeds = sorted(total / seconds for seconds, _ in measured)
    return (
        f"| {name} | {batch.num_scenes} | {statistics.median(speeds):.0f} ({speeds[0]:.0f}-{speeds[-1]:.0f}) "
        f"| {max(peak for _, peak in measured):.1f} |"
    )


def print_whole(scenes: list[Scene], options: argparse.Namespace, device: torch.device) -> None:
    """Everything at once, as training does it: worker processes pack while the device draws."""
    start, frames = 0.0, 0
    for index, batch in enumerate(batches(scenes, options.frames, options.batches[0], options.workers)):
        render_maps(batch, device)
        torch.cuda.synchronize()
        if index == 0:
            start = time.perf_counter()
        else:
            frames += batch.num_scenes * batch.num_frames
    if frames:
        print(f"\npacked and drawn with maps: {frames / (time.perf_counter() - start):.0f} frames/s")


if __name__ == "__main__":
    main()
