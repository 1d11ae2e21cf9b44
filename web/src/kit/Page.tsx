import type { ReactNode } from "react";

/** A screen that is read from top to bottom: settings, contacts, admin. */
export function Page({
  title,
  about,
  actions,
  children,
}: {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main id="main" tabIndex={-1} className="h-full min-w-0 flex-1 overflow-y-auto bg-paper outline-none">
      <div className="mx-auto flex max-w-4xl flex-col gap-6 px-4 py-6 sm:px-8">
        <header className="flex flex-wrap items-start gap-3">
          <span className="min-w-0 flex-1 basis-72">
            <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
            {about !== undefined && <p className="text-base text-ink-2">{about}</p>}
          </span>
          {actions !== undefined && <Actions>{actions}</Actions>}
        </header>
        {children}
      </div>
    </main>
  );
}

/** They stay together: beside the heading, or below it where that is too narrow. */
function Actions({ children }: { children: ReactNode }) {
  return <span className="flex flex-wrap gap-2">{children}</span>;
}

/** A part of a page with its heading, set off by a hairline. */
export function Section({
  title,
  about,
  actions,
  children,
}: {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <section aria-label={title} className="flex flex-col gap-3 border-t border-line pt-5">
      <header className="flex flex-wrap items-start gap-3">
        <span className="min-w-0 flex-1 basis-72">
          <h2 className="text-base font-semibold">{title}</h2>
          {about !== undefined && <p className="text-sm text-ink-2">{about}</p>}
        </span>
        {actions !== undefined && <Actions>{actions}</Actions>}
      </header>
      {children}
    </section>
  );
}
