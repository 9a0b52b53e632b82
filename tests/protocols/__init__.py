"""The wire: bytes and text to values and back."""
