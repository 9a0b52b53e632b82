"""The campaigns in their short forms, and the parts that they are made of."""
