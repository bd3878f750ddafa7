"""The ledger: jobs from submit to their end. One noun a module; SQL stands beside what it does."""
