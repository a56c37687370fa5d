"""A faithful local Connector API: a real HTTP server on loopback, with a state, a clock and a seed.

``launch`` starts it as a child process; ``connectorkit sandbox`` serves it in the foreground. What it does
not imitate is listed at ``/sandbox/about`` and in the README.
"""
