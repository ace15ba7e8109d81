"""The record of service (C2, C3, C5, H9): one a call and agent, written while they talk, finished after the call."""
