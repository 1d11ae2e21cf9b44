"""The workspace sender: mail through an SMTP server that the workspace names."""
