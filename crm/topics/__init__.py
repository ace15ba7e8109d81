"""What calls are about (K1): a tree of subjects below the four kinds of matter."""
