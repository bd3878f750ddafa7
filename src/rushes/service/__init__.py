"""The studio over HTTP: OpenAI-shaped videos, DashScope-shaped tasks and an own surface, on one ledger."""
