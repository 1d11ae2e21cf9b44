import { useState } from "react";

import { useFeed } from "../data/useFeed";
import { Button, EmptyState, Section } from "../kit";
import { words } from "../words/webhooks";
import { NotThere } from "./NotThere";
import { useAsked } from "./useAsked";
import { webhooksQuery } from "./webhook-documents";
import { WebhookDialog } from "./WebhookDialog";
import { WebhookPanel } from "./WebhookPanel";

/** Who is told what happens, and what became of it. */
export function Webhooks() {
  const { data, failed, again } = useAsked(webhooksQuery);
  const [making, setMaking] = useState(false);
  useFeed((event) => {
    if (event.__typename === "WebhookChanged") again();
  });
  const add = (
    <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
      {words.add}
    </Button>
  );
  const webhooks = data?.workspace.webhooks ?? [];
  return (
    <Section title={words.title} about={words.about} actions={webhooks.length > 0 ? add : undefined}>
      {data === null ? (
        <NotThere failed={failed} again={again} />
      ) : webhooks.length === 0 ? (
        <EmptyState icon="link" title={words.none} action={add}>
          {words.noneMore}
        </EmptyState>
      ) : (
        <ul aria-label={words.title} className="flex flex-col gap-3">
          {webhooks.map((webhook) => (
            <WebhookPanel key={webhook.id} webhook={webhook} again={again} />
          ))}
        </ul>
      )}
      <WebhookDialog open={making} webhook={null} onClose={() => setMaking(false)} onDone={again} />
    </Section>
  );
}
