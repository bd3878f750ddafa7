"""The procedural film world: scenes, paths, renderer, exact flow. Training data and ground truth.

scene -> stage (palette, motion, camera, layers, figure) -> pictures, ids, flow; 256x160, 12 frames a second.
World x = 0 is the middle of the screen, world y is screen y for a camera at rest; lengths are pixels at the
subject's depth. What no slot of the vocabulary names varies by the seed, a little.
"""
