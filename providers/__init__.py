"""How to speak to Gmail, Outlook and SMTP: wire, parse, notice, client, consent for each."""
