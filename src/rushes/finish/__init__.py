"""What becomes of a model's clip on its way to delivery: larger, by the model's own network."""
