"""Networks and their weights: transformer, text encoder, codecs, judges, foreign layouts."""
