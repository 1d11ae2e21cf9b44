"""The committed SDL is the schema's, everything is described, and what was promised to clients stays."""

from typing import Final

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from schema.root import SDL_FILE, VIEWER_FIELDS, schema, sdl

_GRAPH: Final = schema._schema

# What is promised to clients: type and field, argument names and types. Additions are free.
_PROMISED: Final[dict[str, str]] = {
    "Query": """viewer workspace mailbox(id:ID!) mailboxes contact(id:ID!)
        contacts(search:String,first:Int,after:String) thread(id:ID!)
        threads(filter:ThreadFilter,first:Int,after:String) message(id:ID!)
        searchMessages(query:String!,first:Int,after:String)
        syncDecisions(mailboxId:ID!,first:Int,after:String)
        whyNotSynced(mailboxId:ID!,internetMessageId:String!)""",
    "Mutation": """connectMailbox(input:ConnectMailboxInput!) completeConnection(state:String!,code:String!)
        updateMailbox(mailboxId:ID!,input:ConnectMailboxInput!) reauthenticateMailbox(mailboxId:ID!)
        configureMailbox(mailboxId:ID!,scope:SyncScope,visibility:Visibility) disconnectMailbox(mailboxId:ID!)
        syncNow(mailboxId:ID!) createContact(input:ContactInput!) updateContact(id:ID!,input:ContactInput!)
        deleteContact(id:ID!) importContacts(contacts:[ContactInput!]!) sendEmail(input:SendEmailInput!)
        cancelSend(messageId:ID!) retrySend(messageId:ID!)
        markThread(id:ID!,read:Boolean,state:ThreadState,assigneeId:ID,private:Boolean)
        updateWorkspace(input:WorkspaceInput!) inviteUser(input:UserInput!)
        createApiKey(name:String!,scopes:[Scope!]!) revokeApiKey(id:ID!)""",
    "Subscription": """inbox(after:EventID) messageSynced(threadId:ID,contactId:ID,mailboxId:ID,after:EventID)
        mailboxChanged(mailboxId:ID)""",
    "Viewer": "user apiKey workspace scopes",
    "Workspace": "id name users attachmentLimitBytes attachmentTypes oversize blocklist labs apiKeys",
    "Labs": "outlook",
    "User": "id name email role mailbox",
    "Mailbox": """id provider address sendAs owner status statusReason missingPermissions scope visibility
        connectedAt activatedAt health quota skipped(since:DateTime)""",
    "SyncHealth": """lastChangeSeenAt lastStoredAt pending setAside nextCheckAt retryAt pushExpiresAt verified
        gaps latencyP95Ms""",
    "Verification": "at expected present",
    "SyncGap": "from to repairedAt",
    "SendQuota": "limit used freesAt",
    "SkipCount": "reason count",
    "Contact": "id name emails company createdAt createdBy threads(first:Int,after:String)",
    "Thread": """id subject contact participants messageCount unreadCount lastMessageAt lastMessage state
        assignee syncing private messages(first:Int,after:String,last:Int,before:String)""",
    "Participant": "address name kind",
    "Message": """id thread direction origin mailbox internetMessageId from to cc bcc subject snippet text
        html quotedFrom attachments sentAt syncedAt read delivery warnings""",
    "Attachment": "id name contentType sizeBytes inline state url",
    "Delivery": "state via attempts error sendAt undoUntil sentAt",
    "SyncDecision": "id mailbox at synced reason rule explanation",
    "Authorization": "url state expiresAt",
    "UserError": "message",
    "InboxEvent": "id at",
    "MessageSynced": "id at message",
    "MessageChanged": "id at message",
    "ThreadChanged": "id at thread",
    "MailboxChanged": "id at mailbox",
    "Withdrawn": "id at threadId messageId",
}
_PROMISED_INPUTS: Final[dict[str, str]] = {
    "SendEmailInput": """idempotencyKey:String! contactId:ID threadId:ID from:EmailAddress to:[EmailAddress!]
        cc:[EmailAddress!] bcc:[EmailAddress!] subject:String text:String html:String attachmentIds:[ID!]
        sendAt:DateTime undoSeconds:Int""",
}


def _field(promise: str) -> tuple[str, dict[str, str]]:
    name, _, rest = promise.partition("(")
    arguments = dict(one.split(":") for one in rest.removesuffix(")").split(",") if one)
    return name, arguments


def test_the_committed_sdl_is_the_schemas() -> None:
    assert SDL_FILE.read_text() == sdl(), "write it anew: python -m app schema"


def test_every_promised_field_is_there_with_its_arguments() -> None:
    for type_name, promises in _PROMISED.items():
        type_ = _GRAPH.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        for name, arguments in map(_field, promises.split()):
            given = {one: str(argument.type) for one, argument in type_.fields[name].args.items()}
            assert arguments.items() <= given.items(), f"{type_name}.{name}"


def test_every_promised_input_is_taken() -> None:
    for type_name, promises in _PROMISED_INPUTS.items():
        type_ = _GRAPH.type_map[type_name]
        assert isinstance(type_, GraphQLInputObjectType)
        given = {name: str(one.type) for name, one in type_.fields.items()}
        assert dict(one.split(":") for one in promises.split()).items() <= given.items()


def test_everything_is_described_in_sentences() -> None:
    lacking = []
    for name, type_ in _GRAPH.type_map.items():
        if name.startswith("__") or name in ("Int", "String", "Boolean", "ID", "Float"):
            continue
        described = {name: type_.description}
        described |= {f"{name}.{one}": of.description for one, of in getattr(type_, "fields", {}).items()}
        lacking += [one for one, text in described.items() if not (text or "").endswith(".")]
    # Two halves of one sentence.
    assert sorted(lacking) == ["SendEmailInput.contactId"]


def test_each_mutation_answers_with_its_success_or_refusals() -> None:
    assert _GRAPH.mutation_type is not None
    for name, field in _GRAPH.mutation_type.fields.items():
        union = _GRAPH.type_map[str(field.type).rstrip("!")]
        assert isinstance(union, GraphQLUnionType)
        errors = [one for one in union.types if any(each.name == "UserError" for each in one.interfaces)]
        assert len(errors) == len(union.types) - 1, f"{name} has one success"
        assert "Forbidden" in {one.name for one in errors}, name


def test_fields_that_depend_on_the_viewer_exist() -> None:
    for coordinate in VIEWER_FIELDS:
        type_name, _, field_name = coordinate.partition(".")
        type_ = _GRAPH.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        assert field_name in type_.fields
