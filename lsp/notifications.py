"""Names of the notifications that are this project's own, beside those of the Language Server Protocol."""

STATUS = "vernacular/status"
"""To the editor: `{"state", "detail"}`, what is known of the completion server."""
DIAGNOSTICS = "vernacular/diagnostics"
"""From the editor, what its other tools say of a document: the parameters of `textDocument/publishDiagnostics`."""
