"""One generation on several devices: processes that each hold a share, and what they send each other.

A generation itself does not know of it: modules of the transformer are given other ones or hooks, guidance
and codec are replaced by ones that share their work.
"""
