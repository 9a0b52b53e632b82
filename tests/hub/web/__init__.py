"""The pages, asked by a test client that keeps cookies and form tokens like a browser."""
