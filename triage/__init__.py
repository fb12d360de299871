"""The domain of complaint triage in the trade's words, and all SQL."""
