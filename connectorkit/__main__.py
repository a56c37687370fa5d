"""``python -m connectorkit`` is the ``connectorkit`` command."""

from connectorkit.cli import main

main()
