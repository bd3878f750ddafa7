"""Faces that look like other libraries' pipelines, for code that people already have."""
