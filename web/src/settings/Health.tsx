import { useNow } from "../data/session";
import { Bar, classes, Icon, Notice, type IconName } from "../kit";
import { words } from "../words/settings";
import { ago, clockTime, fullTime, messageTime } from "../words/times";
import type { MailboxSettings } from "./documents";

function Measure({
  icon,
  value,
  about,
  title,
  tone = "plain",
}: {
  icon: IconName;
  value: string;
  about: string;
  title?: string;
  tone?: "plain" | "warn";
}) {
  return (
    <div title={title} className="flex gap-2.5 rounded-md bg-canvas p-3">
      <Icon
        name={icon}
        className={classes(
          "mt-0.5",
          tone === "warn" ? "text-warn" : icon === "clock" ? "text-ink-3" : "text-good",
        )}
      />
      <span className="min-w-0">
        <span className="figures block text-sm font-medium">{value}</span>
        <span className="block text-sm text-ink-2">{about}</span>
      </span>
    </div>
  );
}

/** How sync goes, in facts: last change seen, what was verified, the usual delay, what may still be sent. */
export function Health({ mailbox }: { mailbox: MailboxSettings }) {
  const now = useNow(1);
  const { health, quota } = mailbox;
  const { verified } = health;
  const whole = verified !== null && verified.present >= verified.expected;
  const gap = health.gaps.find((one) => one.repairedAt === null);
  return (
    <>
      <div className="grid gap-3 sm:grid-cols-3">
        <Measure
          icon={health.lastChangeSeenAt === null ? "clock" : "done"}
          value={
            health.lastChangeSeenAt === null ? words.neverSeen : words.seen(ago(health.lastChangeSeenAt, now))
          }
          about={words.pending(health.pending)}
          {...(health.lastChangeSeenAt === null ? {} : { title: fullTime(health.lastChangeSeenAt) })}
        />
        <Measure
          icon={whole ? "done" : verified === null ? "clock" : "warning"}
          tone={whole || verified === null ? "plain" : "warn"}
          value={verified === null ? words.unverified : words.verified(verified.present, verified.expected)}
          about={verified === null ? words.unverifiedAbout : words.verifiedAt(messageTime(verified.at, now))}
        />
        <Measure
          icon="clock"
          value={health.latencyP95Ms === null ? words.delayNone : words.delay(health.latencyP95Ms)}
          about={words.delayMore}
        />
      </div>
      {health.retryAt !== null && new Date(health.retryAt) > now && (
        <Notice tone="warn">{words.retryAt(clockTime(health.retryAt))}</Notice>
      )}
      {gap !== undefined && <Notice tone="warn">{words.gapOpen(messageTime(gap.from, now))}</Notice>}
      {health.setAside > 0 && <Notice tone="warn">{words.setAside(health.setAside)}</Notice>}
      {quota !== null && <Quota quota={quota} />}
    </>
  );
}

function Quota({ quota }: { quota: NonNullable<MailboxSettings["quota"]> }) {
  const said = words.quotaUsed(quota.used, quota.limit);
  const share = quota.used / quota.limit;
  return (
    <div className="flex flex-col gap-1.5">
      <p className="figures flex flex-wrap gap-x-2 text-sm">
        <span>{said}</span>
        {quota.freesAt !== null && (
          <span className="text-ink-2">{words.quotaFrees(messageTime(quota.freesAt))}</span>
        )}
      </p>
      <Bar
        value={quota.used}
        max={quota.limit}
        label={said}
        tone={share >= 1 ? "bad" : share > 0.8 ? "warn" : "accent"}
      />
    </div>
  );
}
