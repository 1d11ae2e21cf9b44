import { useEffect, useState } from "react";

import { ask } from "../data/client";
import { graphql } from "../data/graphql";
import { Skeleton } from "../kit";
import { words } from "../words/settings";
import { DAYS, layDays, type Counted } from "./days";
import { DayChart } from "./DayChart";

const activityQuery = graphql(`
  query SyncActivity($days: Int!, $zone: String!) {
    syncActivity(days: $days, timeZone: $zone) {
      day
      mailboxId
      synced
      skipped
      sent
    }
  }
`);

/** What a mailbox showed, day by day; without an id, all that the reader may see together. */
export default function Activity({ id = null, changed }: { id?: string | null; changed: unknown }) {
  const [counted, setCounted] = useState<readonly Counted[] | null>(null);
  useEffect(() => {
    let late = false;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    ask(activityQuery, { days: DAYS, zone }).then(
      (answer) => {
        if (!late) setCounted(answer.syncActivity);
      },
      // The chart stays as it is; the frame says that the server is away.
      () => undefined,
    );
    return () => {
      late = true;
    };
  }, [changed]);
  if (counted === null) return <Skeleton className="h-40" />;
  const days = layDays(counted, new Date(), id);
  const sum = (name: "synced" | "skipped" | "sent") => days.reduce((all, day) => all + day[name], 0);
  if (sum("synced") + sum("skipped") + sum("sent") === 0)
    return <p className="text-sm text-ink-2">{words.activityNone}</p>;
  return (
    <>
      <DayChart days={days} />
      <p className="figures text-sm text-ink-2">
        {words.activitySum(sum("synced"), sum("skipped"), sum("sent"))}
      </p>
    </>
  );
}
