import { useEffect, useState } from "react";

import { ask, sentenceOf } from "../data/client";
import { useSession } from "../data/session";
import { useStore } from "../data/store";
import { useFeed } from "../data/useFeed";
import { useCommands } from "../frame/keys";
import { Link } from "../frame/Link";
import { goTo } from "../frame/route";
import { Button, EmptyState, Notice, Page, Skeleton } from "../kit";
import { words } from "../words/bulk";
import { fullTime, shortTime } from "../words/times";
import { bulkSendsQuery, type BulkRow } from "./documents";
import { bulkDraft, isEmpty } from "./draft";
import { Progress, State } from "./Progress";
import { readable } from "./templates";

interface Listed {
  sends: readonly BulkRow[];
  after: string | null;
  hasMore: boolean;
}

function useBulkSends() {
  const [listed, setListed] = useState<Listed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = (after: string | null) => {
    ask(bulkSendsQuery, { after }).then(
      ({ bulkSends: { edges, pageInfo } }) => {
        const read = edges.map((edge) => edge.node);
        setFailed(null);
        setListed((now) => ({
          sends: after === null ? read : [...(now?.sends ?? []), ...read],
          after: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
        }));
      },
      (error: unknown) => setFailed(sentenceOf(error)),
    );
  };
  useEffect(() => load(null), []);
  useFeed(
    (event) => {
      if (event.__typename !== "BulkSendProgressed") return;
      const { bulkSend } = event;
      if (listed?.sends.some((one) => one.id === bulkSend.id) === false) load(null);
      setListed(
        (now) =>
          now && {
            ...now,
            sends: now.sends.map((one) => (one.id === bulkSend.id ? { ...one, ...bulkSend } : one)),
          },
      );
    },
    () => load(null),
  );
  return { listed, failed, load };
}

export function BulkList() {
  const { listed, failed, load } = useBulkSends();
  const begun = !isEmpty(useStore(bulkDraft));
  const write = () => goTo("/bulk/new");
  useCommands([{ keys: "n", label: words.write, group: words.title, run: write }]);
  const button = (
    <Button kind="primary" icon="plus" onClick={write}>
      {begun ? words.goOn : words.write}
    </Button>
  );
  return (
    <Page title={words.title} about={words.about} actions={listed?.sends.length === 0 ? undefined : button}>
      {failed !== null && (
        <Notice tone="bad" action={<Button onClick={() => load(null)}>{words.tryAgain}</Button>}>
          {words.away} {failed}
        </Notice>
      )}
      {listed === null ? (
        failed === null && <Waiting />
      ) : listed.sends.length === 0 ? (
        <EmptyState icon="bulk" title={words.none} action={button}>
          {words.noneMore}
        </EmptyState>
      ) : (
        <div>
          <ul aria-label={words.title} className="border-t border-line">
            {listed.sends.map((bulk) => (
              <Line key={bulk.id} bulk={bulk} />
            ))}
          </ul>
          <p role="status" className="figures flex items-center gap-3 py-3 text-sm text-ink-3">
            {words.listed(listed.sends.length, listed.hasMore)}
            {listed.hasMore && <Button onClick={() => load(listed.after)}>{words.more}</Button>}
          </p>
        </div>
      )}
    </Page>
  );
}

function Waiting() {
  return (
    <div aria-busy="true" className="flex flex-col gap-2">
      {[1, 2, 3].map((row) => (
        <Skeleton key={row} className="h-16" />
      ))}
    </div>
  );
}

function Line({ bulk }: { bulk: BulkRow }) {
  const { user } = useSession();
  return (
    <li className="border-b border-line">
      <Link
        href={`/bulk/${bulk.id}`}
        className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2 px-1 py-3 -outline-offset-2 transition-colors duration-100 hover:bg-hover sm:grid-cols-[minmax(0,1fr)_13rem_5.5rem] sm:px-2"
      >
        <span className="flex min-w-0 flex-col">
          <span dir="auto" className="truncate text-base font-medium">
            {readable(bulk.subject, words.fieldName)}
          </span>
          <span className="truncate text-sm text-ink-2">
            <time dateTime={bulk.createdAt} title={fullTime(bulk.createdAt)}>
              {shortTime(bulk.createdAt)}
            </time>
            {bulk.author?.id !== user.id && (
              <> · {bulk.author === null ? words.byKey : words.by(bulk.author.name)}</>
            )}
          </span>
        </span>
        <span className="col-span-2 row-start-2 sm:col-span-1 sm:row-start-auto">
          <Progress bulk={bulk} />
        </span>
        <span className="text-end max-sm:col-start-2 max-sm:row-start-1">
          <State bulk={bulk} />
        </span>
      </Link>
    </li>
  );
}
