import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { Badge, Button, Confirm, Section, toasts } from "../kit";
import { words } from "../words/admin";
import { fullTime, shortTime } from "../words/times";
import { apiKeysQuery, revokeApiKey, type ApiKey } from "./documents";
import { NewKey } from "./NewKey";
import { NotThere } from "./NotThere";
import { Table } from "../kit/Table";
import { useAsked } from "./useAsked";

export function ApiKeys() {
  const { data, failed, again } = useAsked(apiKeysQuery);
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiKey | null>(null);
  const inUse = data?.viewer.apiKey?.id ?? null;
  return (
    <Section
      title={words.keys}
      about={words.keysAbout}
      actions={
        <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
          {words.newKey}
        </Button>
      }
    >
      {data === null ? (
        <NotThere failed={failed} again={again} />
      ) : data.workspace.apiKeys.length === 0 ? (
        <p className="text-sm text-ink-2">{words.keysNone}</p>
      ) : (
        <Table
          label={words.keys}
          rows={data.workspace.apiKeys}
          keyOf={(key) => key.id}
          columns={[
            {
              heading: words.keyName,
              cell: (key) => (
                <span className="block min-w-36">
                  <span dir="auto" className="wrap-words block font-medium">
                    {key.name}
                  </span>
                  <code className="text-xs text-ink-2">{key.prefix}…</code>
                </span>
              ),
            },
            {
              heading: words.scopes,
              cell: (key) => (
                <span className="flex gap-1">
                  {key.scopes.map((scope) => (
                    <Badge key={scope}>{words.scopeNames[scope]}</Badge>
                  ))}
                </span>
              ),
            },
            { heading: words.actsAs, cell: (key) => key.user?.name ?? words.actsAsWorkspace },
            {
              heading: words.made,
              cell: (key) => (
                <time dateTime={key.createdAt} title={fullTime(key.createdAt)} className="whitespace-nowrap">
                  {shortTime(key.createdAt)}
                </time>
              ),
            },
            {
              heading: words.status,
              end: true,
              cell: (key) => (
                <KeyState apiKey={key} inUse={key.id === inUse} onRevoke={() => setEnding(key)} />
              ),
            },
          ]}
        />
      )}
      <NewKey open={making} onClose={() => setMaking(false)} onMade={again} />
      <Revoke apiKey={ending} onClose={() => setEnding(null)} onDone={again} />
    </Section>
  );
}

function KeyState({ apiKey, inUse, onRevoke }: { apiKey: ApiKey; inUse: boolean; onRevoke: () => void }) {
  if (apiKey.revokedAt !== null) {
    return <span className="whitespace-nowrap text-ink-3">{words.revoked(shortTime(apiKey.revokedAt))}</span>;
  }
  // The key that this page itself speaks with is not ended from here.
  if (inUse) return <Badge tone="info">{words.thisKey}</Badge>;
  return (
    <Button kind="danger" onClick={onRevoke} aria-label={`${words.revoke}: ${apiKey.name}`}>
      {words.revoke}
    </Button>
  );
}

function Revoke({
  apiKey,
  onClose,
  onDone,
}: {
  apiKey: ApiKey | null;
  onClose: () => void;
  onDone: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const revoke = async () => {
    if (apiKey === null) return;
    setBusy(true);
    try {
      const answer = (await change(revokeApiKey, { id: apiKey.id })).revokeApiKey;
      if (answer.__typename === "ApiKey") toasts.show(words.revokedNow);
      else toasts.show(answer.message, { tone: "bad" });
      onClose();
      onDone();
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <Confirm
      open={apiKey !== null}
      onClose={onClose}
      onConfirm={() => void revoke()}
      title={words.revokeTitle(apiKey?.name ?? "")}
      confirm={words.revoke}
      danger
      busy={busy}
    >
      {words.revokeAbout}
    </Confirm>
  );
}
