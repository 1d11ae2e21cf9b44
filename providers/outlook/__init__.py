"""Outlook over Microsoft Graph: typed wire JSON, pure parsing and notices, one thin client, and consent."""
