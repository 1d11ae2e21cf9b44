"""Microsoft as a CRM meets it: the identity platform v2.0 and the mail, contacts and subscriptions of Graph.

Belongs here: what Microsoft's documentation says of them. Never: how mail travels, which is post.py's.
"""
