"""The one ordered writer of a site: takes what devices send, applies it once, and acknowledges."""
