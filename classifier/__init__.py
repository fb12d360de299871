"""Learns from labelled texts and says, for a new text, how probable each label is, and why."""
