import { useStore } from "../data/store";
import { Button, Icon, Notice } from "../kit";
import { words } from "../words/settings";
import { consentStore, endConsent } from "./attempt";
import type { Attempt } from "./documents";
import { namesOf } from "./permissions";
import { Reason } from "./Reason";

/** The reader is at the provider's page, or just back from it. */
export function ConsentWaits({ live }: { live: string | null }) {
  const consent = useStore(consentStore);
  const returned = consent?.returned === true;
  return (
    <section
      aria-label={words.waitingTitle}
      className="flex flex-col gap-3 rounded-md border border-line bg-canvas p-4"
    >
      <span className="flex items-center gap-2">
        <Icon name="clock" className="text-accent" />
        <h2 className="text-base font-semibold">{returned ? words.almostTitle : words.waitingTitle}</h2>
      </span>
      <p role="status" className="text-sm text-ink-2">
        {returned ? words.almost : words.waiting} {live !== null && words.moving(live)}
      </p>
      <span className="flex flex-wrap gap-2">
        {consent !== null && !returned && (
          <Button icon="external" onClick={() => location.assign(consent.url)}>
            {words.openAgain}
          </Button>
        )}
        <Button kind="quiet" onClick={endConsent}>
          {words.beginAgain}
        </Button>
      </span>
    </section>
  );
}

/** It did not come to a connection: why, and what was left out, by name. */
export function ConsentFailed({ attempt }: { attempt: Attempt }) {
  const missing = namesOf(attempt.missingPermissions);
  return (
    <Notice
      tone="bad"
      action={
        <Button kind="quiet" onClick={endConsent}>
          {words.beginAgain}
        </Button>
      }
    >
      <strong className="font-semibold">{words.failedTitle}.</strong> <Reason text={attempt.statusReason} />
      {missing.length > 0 && (
        <>
          {" "}
          {words.missingTitle}: {missing.join(", ")}. {words.missingAbout}
        </>
      )}
    </Notice>
  );
}
