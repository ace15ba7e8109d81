"""The brief before the day and the summary after it (L9): as pages, and as letters to the team."""
