"""Gmail: typed wire JSON, pure parsing and notices, one thin client, and consent."""
