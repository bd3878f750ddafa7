"""Steps of the database schema, one module each; ``rushes.studio.migrate`` walks them."""
