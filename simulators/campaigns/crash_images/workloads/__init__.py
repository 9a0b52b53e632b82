"""Processes to be recorded: each works on the folder that it is given and says what it promised.

All take the same three arguments: the folder, the file for promises, and a JSON object of options.
"""
