"""Search that understands Thai: one index in ordinary tables over articles, documents, dealers, sources and cards."""
