import type { ReactNode } from "react";

import { useSession } from "../data/session";
import { goTo } from "../frame/route";
import { EmptyState, Page, Tabs, type Tab } from "../kit";
import { words } from "../words/admin";
import { ApiKeys } from "./ApiKeys";
import { MailboxList } from "./MailboxList";
import { MailSettings } from "./MailSettings";
import { People } from "./People";

type Part = "people" | "mailboxes" | "mail" | "keys";

const TABS: readonly Tab<Part>[] = [
  { value: "people", label: words.people },
  { value: "mailboxes", label: words.mailboxes },
  { value: "mail", label: words.mail },
  { value: "keys", label: words.keys },
];

const SHOWN: Record<Part, () => ReactNode> = {
  people: () => <People />,
  mailboxes: () => <MailboxList />,
  mail: () => <MailSettings />,
  keys: () => <ApiKeys />,
};

/** Admin: /admin/people, /admin/mailboxes, /admin/mail, /admin/keys. */
export default function Admin({ path }: { path: readonly string[] }) {
  const { isAdmin, workspace } = useSession();
  const part = TABS.find((tab) => tab.value === path[0])?.value ?? "people";
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
