"""What the mutations on the workspace, its users and its keys answer."""

from typing import Annotated

import strawberry
from strawberry import field

from schema.results.refusals import AlreadyExists, Forbidden, InvalidInput, NotFound, NotOffered
from schema.types.mailboxes import User
from schema.types.workspaces import ApiKey, Workspace


@strawberry.type(description="A key was made.")
class ApiKeyCreated:
    api_key: ApiKey = field(description="The key.")
    secret: str = field(
        description="What to send as `Authorization: Bearer`; shown this once and never again."
    )


UpdateWorkspaceResult = Annotated[
    Workspace | InvalidInput | Forbidden,
    strawberry.union("UpdateWorkspaceResult", description="What changing the workspace answers."),
]
InviteUserResult = Annotated[
    User | AlreadyExists | InvalidInput | Forbidden,
    strawberry.union("InviteUserResult", description="What inviting a user answers."),
]
CreateApiKeyResult = Annotated[
    ApiKeyCreated | InvalidInput | Forbidden,
    strawberry.union("CreateApiKeyResult", description="What making a key answers."),
]
RotateAutoBccResult = Annotated[
    User | NotOffered | Forbidden,
    strawberry.union("RotateAutoBccResult", description="What a new Auto BCC address answers."),
]
RevokeApiKeyResult = Annotated[
    ApiKey | NotFound | Forbidden,
    strawberry.union("RevokeApiKeyResult", description="What revoking a key answers."),
]
UpdateBlocklistResult = Annotated[
    User | InvalidInput | Forbidden,
    strawberry.union("UpdateBlocklistResult", description="What changing one's own blocklist answers."),
]
