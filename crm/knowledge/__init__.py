"""The knowledge base (CKS, H5): articles with versions, verified by a second person."""
