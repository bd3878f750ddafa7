"""The shapes a lexicon word takes in running text, by rule: one module per language that inflects."""
