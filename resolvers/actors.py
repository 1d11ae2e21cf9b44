"""Who did it, as the audit log names them: never by address."""

from resolvers.viewer import Viewer


def actor(viewer: Viewer) -> str:
    """Return the viewer's name in the audit log: the key where one was used, else the user."""
    if viewer.api_key_id is not None:
        return f"key:{viewer.api_key_id}"
    return f"user:{viewer.user_id}"
