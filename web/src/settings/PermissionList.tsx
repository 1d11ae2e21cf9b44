import { Icon } from "../kit";
import { words } from "../words/settings";
import type { Provider } from "./documents";
import { askedOf } from "./permissions";

/** What is asked for at the provider, each with its reason, and what is never done with it. */
export function PermissionList({ provider }: { provider: Provider }) {
  return (
    <section aria-label={words.asks} className="rounded-md bg-canvas p-4">
      <h2 className="mb-2 text-sm font-semibold">{words.asks}</h2>
      <ul className="flex flex-col gap-1.5 text-sm">
        {askedOf(provider).map((permission) => (
          <li key={permission.name} className="flex gap-2">
            <Icon name="done" className="mt-0.5 text-good" />
            <span>
              <span className="font-medium">{permission.name}</span>{" "}
              <span className="text-ink-2">{permission.why}</span>
            </span>
          </li>
        ))}
      </ul>
      <p className="mt-3 flex gap-2 text-sm text-ink-2">
        <Icon name="lock" className="mt-0.5" />
        <span>{words.never}</span>
      </p>
    </section>
  );
}
