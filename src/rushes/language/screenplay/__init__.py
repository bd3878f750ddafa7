"""Screenplays: read in any form, kept byte for byte, broken into scenes and shots by rules."""
