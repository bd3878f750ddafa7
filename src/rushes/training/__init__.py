"""Training mini: data pools, losses, resumable loops, recipes."""
