"""Grades a receiver of notifications: sends what the service sends, watches, and names what is wrong."""
