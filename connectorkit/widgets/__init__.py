"""Panels for notebooks: thin controls over the kit. Every action of a panel is also a method."""

from connectorkit.widgets.conversation import ConversationPanel, conversation_panel
from connectorkit.widgets.errors import ErrorPanel, error_panel

__all__ = ["ConversationPanel", "ErrorPanel", "conversation_panel", "error_panel"]
