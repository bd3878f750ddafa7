"""The grammar of beats: who does what to whom, and in which order."""
