"""Hosted models: clips made by a service elsewhere, as one more engine. Imports no torch."""
