"""The handheld: a person, a scanner and a small screen. Start at `workflow.py` and `agent.py`."""
