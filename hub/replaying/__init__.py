"""Replay: the journal's rows carried out again on another database, and the two compared."""
