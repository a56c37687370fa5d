"""Exchanges for other tools, and requests from them: ``export`` is the way out, ``imports`` the way in."""
