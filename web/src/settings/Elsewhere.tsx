import { Icon } from "../kit";
import { words } from "../words/settings";

/** Where the deployment cannot send the reader back to this app, the provider's page is opened beside it. */
export function Elsewhere({ url }: { url: string }) {
  return (
    <div className="flex flex-col items-start gap-3 rounded-md border border-line bg-canvas p-4">
      <p className="text-sm text-ink-2">{words.continueAbout}</p>
      <a
        href={url}
        target="_blank"
        rel="noreferrer"
        className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-strong"
      >
        <Icon name="external" />
        {words.continueThere}
      </a>
    </div>
  );
}
