"""The bible: people, props and places described once, for every shot's prompt and for the asset list."""
