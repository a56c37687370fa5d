"""Panels for notebooks: thin controls over the kit. Every action of a panel is also a method."""

from connectorkit.widgets.connect import ConnectPanel, connect_panel
from connectorkit.widgets.conversation import ConversationPanel, conversation_panel
from connectorkit.widgets.errors import ErrorPanel, error_panel
from connectorkit.widgets.faults import FaultsPanel, faults_panel
from connectorkit.widgets.log import LogPanel, log_panel
from connectorkit.widgets.signature_lab import SignatureLab, signature_lab

__all__ = [
    "ConnectPanel",
    "ConversationPanel",
    "ErrorPanel",
    "FaultsPanel",
    "LogPanel",
    "SignatureLab",
    "connect_panel",
    "conversation_panel",
    "error_panel",
    "faults_panel",
    "log_panel",
    "signature_lab",
]
