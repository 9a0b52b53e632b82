"""Rubbish for every decoder in `protocols/`: each has to answer with a value or a named refusal.

`targets` are the decoders, `mutation` makes inputs out of inputs, `campaign` drives them and keeps
what gave a new outcome: that corpus (tests/data/fuzz) is where the next campaign begins.
"""
