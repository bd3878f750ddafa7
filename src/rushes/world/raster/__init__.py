"""Draws the world with torch, many clips at a time on any device; needs no skia.

stage -> sheets (everything drawn once) and sprites (where each sheet is in each frame) -> pictures and maps.
Packing is numpy and runs in worker processes; the rest is torch.
"""
