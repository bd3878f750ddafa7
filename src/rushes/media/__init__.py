"""Pictures and sound as files: encode, decode, resize, contact sheets. No torch."""
