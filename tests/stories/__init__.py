"""The product as its users meet it: the real processes, spoken to over HTTP and web sockets only."""
