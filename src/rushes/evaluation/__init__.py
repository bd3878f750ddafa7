"""Judges applied to generated clips, with their controls; reports."""
