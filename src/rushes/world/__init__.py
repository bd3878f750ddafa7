"""The procedural film world: scenes, paths, renderer, exact flow. Training data and ground truth."""
