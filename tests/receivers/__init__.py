"""Receivers to be graded: correct ones, and many with one defect each. None of them uses the kit."""
