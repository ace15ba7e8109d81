"""Documents of the knowledge base (H5, H6, L5): files whose kind is known by their content, with their text."""
