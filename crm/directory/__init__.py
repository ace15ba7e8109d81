"""Whom a caller can be transferred to (K3): departments, officers, agents, numbers outside; and who is free."""
