"""What is said at the beginning and at the end (H2, H7, L1, L7, W1, W9): in the caller's language and agent's voice."""
