"""From a request to an iterator of events: the catalogue of models and one generation."""
