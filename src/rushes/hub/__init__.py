"""Published models onto this machine and known to be whole: the only package that speaks to another machine.

Torch-free. Hugging Face and ModelScope are asked over plain HTTP with the standard library, because what is
promised here is not what their own clients do: a pull goes on after a kill at any byte, and every file is
held to its checksum before it gets its name (``docs/design/005-pulling-models.md``).
"""
