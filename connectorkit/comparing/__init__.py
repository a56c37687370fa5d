"""What changed between two runs: ``compare.compare`` is the way in."""
