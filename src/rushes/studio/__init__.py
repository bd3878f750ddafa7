"""The studio: projects, shots, immutable takes, the ledger of jobs, production and review. No torch."""
