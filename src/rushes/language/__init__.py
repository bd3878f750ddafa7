"""Film language: the four-language lexicon and the captions mini was trained on. Pure Python."""
