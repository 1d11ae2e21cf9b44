"""The Google surface: consent pages, tokens, Gmail, batch, uploads, and Pub/Sub push.

Everything here answers as the real one is known to; each module names its source. The post office underneath
knows nothing of it.
"""
