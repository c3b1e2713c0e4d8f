"""The tools of `forecast mcp`: what may be asked, where it may look, and the server that is asked."""
