import { commandsStore } from "./keys";
import { useStore } from "../data/store";
import { Dialog, Kbd } from "../kit";
import { words } from "../words/frame";

/** The keys that work right now, by what they are for. */
export default function Keys({ onClose }: { onClose: () => void }) {
  const commands = useStore(commandsStore).filter(
    (command) => command.keys !== undefined && command.hidden !== true,
  );
  const groups = [...new Set(commands.map((command) => command.group))];
  return (
    <Dialog open onClose={onClose} title={words.keys} wide>
      <div className="columns-1 gap-8 sm:columns-2">
        {groups.map((group) => (
          <section key={group} className="mb-5 break-inside-avoid">
            <h3 className="mb-1 text-sm font-semibold text-ink-2">{group}</h3>
            <dl>
              {commands
                .filter((command) => command.group === group)
                .map((command) => (
                  <div
                    key={command.label}
                    className="flex min-h-8 items-center justify-between gap-3 border-b border-line text-sm last:border-0"
                  >
                    <dt>{command.label}</dt>
                    <dd>
                      <span className="sr-only">{command.keys}</span>
                      <Kbd keys={command.keys ?? ""} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
