"""Values every package speaks: shapes, time, requests, recipes, errors, settings. No torch, no I/O."""
