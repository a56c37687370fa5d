"""Panels for notebooks: thin controls over the kit. Every action of a panel is also a method."""

from connectorkit.widgets.clock import ClockPanel, clock_panel
from connectorkit.widgets.connect import ConnectPanel, connect_panel
from connectorkit.widgets.conversation import ConversationPanel, conversation_panel
from connectorkit.widgets.errors import ErrorPanel, error_panel
from connectorkit.widgets.faults import FaultsPanel, faults_panel
from connectorkit.widgets.log import LogPanel, log_panel
from connectorkit.widgets.signature_lab import SignatureLab, signature_lab
from connectorkit.widgets.timings import TimingsPanel, timings_panel

__all__ = [
    "ClockPanel",
    "ConnectPanel",
    "ConversationPanel",
    "ErrorPanel",
    "FaultsPanel",
    "LogPanel",
    "SignatureLab",
    "TimingsPanel",
    "clock_panel",
    "connect_panel",
    "conversation_panel",
    "error_panel",
    "faults_panel",
    "log_panel",
    "signature_lab",
    "timings_panel",
]
