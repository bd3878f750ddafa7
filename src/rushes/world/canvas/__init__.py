"""Draws the world with skia on the CPU. The only place that knows skia."""
