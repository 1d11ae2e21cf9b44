import type { ReactNode } from "react";

import { useSession } from "../data/session";
import { useCommands } from "../frame/keys";
import { goTo } from "../frame/route";
import { EmptyState, Page, Tabs, type Tab } from "../kit";
import { words } from "../words/admin";
import { ApiKeys } from "./ApiKeys";
import { MailboxList } from "./MailboxList";
import { MailSettings } from "./MailSettings";
import { People } from "./People";
import { Sending } from "./Sending";
import { Webhooks } from "./Webhooks";

type Part = "people" | "mailboxes" | "mail" | "sending" | "keys" | "webhooks";

const TABS: readonly Tab<Part>[] = [
  { value: "people", label: words.people },
  { value: "mailboxes", label: words.mailboxes },
  { value: "mail", label: words.mail },
  { value: "sending", label: words.sending },
  { value: "keys", label: words.keys },
  { value: "webhooks", label: words.webhooks },
];

const SHOWN: Record<Part, () => ReactNode> = {
  people: () => <People />,
  mailboxes: () => <MailboxList />,
  mail: () => <MailSettings />,
  sending: () => <Sending />,
  keys: () => <ApiKeys />,
  webhooks: () => <Webhooks />,
};

/** Admin: /admin/people, /admin/mailboxes, /admin/mail, /admin/sending, /admin/keys, /admin/webhooks. */
export default function Admin({ path }: { path: readonly string[] }) {
  const { isAdmin, workspace } = useSession();
  const part = TABS.find((tab) => tab.value === path[0])?.value ?? "people";
  useCommands(
    TABS.map((tab) => ({
      label: `${words.title}: ${tab.label}`,
      group: words.title,
      run: () => goTo(`/admin/${tab.value}`),
    })),
    isAdmin,
  );
  if (!isAdmin) {
    return (
      <Page title={words.title}>
        <EmptyState icon="lock" title={words.notYours}>
          {words.notYoursMore}
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page title={words.title} about={words.about(workspace.name)}>
      <Tabs
        label={words.sections}
        tabs={TABS}
        value={part}
        onChange={(next) => goTo(`/admin/${next}`)}
        controls="admin-part"
      />
      <div id="admin-part" role="tabpanel" aria-label={words[part]} className="flex flex-col gap-6">
        {SHOWN[part]()}
      </div>
    </Page>
  );
}
