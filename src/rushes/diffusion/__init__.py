"""Sampling as mathematics: schedules, step rules, guidance, the loop. Never imports a model."""
