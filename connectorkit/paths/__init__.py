"""The path of a message through both clocks: ours, and that of the service."""
