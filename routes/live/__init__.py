"""Telling pages of changes: a process of its own (`python -m routes.live`) that holds their streams, so that no web worker has to."""
