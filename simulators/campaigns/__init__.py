"""Long searches for losses and doubles, by seed: stopped at any time, continued, added up."""
