"""Gates: what may be filmed, by rules that a person can read and change. So far on words."""
