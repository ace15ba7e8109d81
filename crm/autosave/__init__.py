"""Saving field by field while people type: whose change it is, what others changed meanwhile, nothing done twice."""
