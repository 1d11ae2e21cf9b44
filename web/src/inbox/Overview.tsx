import { useStore } from "../data/store";
import { Icon, Kbd } from "../kit";
import { words } from "../words/inbox";
import { useInboxData } from "./context";

const KEYS = [
  { keys: "j k", label: words.moveHint },
  { keys: "Enter", label: words.openThread },
  { keys: "e", label: words.doneThread },
  { keys: "c", label: words.writeFirst },
  { keys: "/", label: words.search },
  { keys: "?", label: words.everyKey },
] as const;

/** What stands where no conversation is open: how much waits, and the keys that go on from here. */
export function Overview() {
  const counts = useStore(useInboxData().counts);
  const waits = counts === null ? null : words.waits(counts.unread, counts.unanswered);
  return (
    <section aria-label={words.pick} className="hidden min-w-0 flex-1 place-content-center bg-paper lg:grid">
      <div className="animate-fade mx-auto flex max-w-80 flex-col items-center px-4 pb-24 text-center">
        <Icon name="mailOpen" size={28} className="mb-2 text-ink-3" />
        <p className="text-base font-medium">{words.pick}</p>
        <p className="figures min-h-5 text-sm text-ink-2">{waits}</p>
        <dl className="mt-6 w-52 text-sm text-ink-2">
          {KEYS.map(({ keys, label }) => (
            <div key={keys} className="flex min-h-8 items-center justify-between gap-3">
              <dt>{label}</dt>
              <dd>
                <span className="sr-only">{keys}</span>
                <Kbd keys={keys} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
