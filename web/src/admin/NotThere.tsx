import { Button, Notice, Skeleton } from "../kit";
import { words } from "../words/admin";

/** In place of what is not there: still coming, or why it does not come. */
export function NotThere({ failed, again }: { failed: string | null; again: () => void }) {
  if (failed === null) {
    return (
      <div aria-busy="true" className="flex flex-col gap-2">
        <Skeleton className="h-10" />
        <Skeleton className="h-10" />
        <Skeleton className="h-10" />
      </div>
    );
  }
  return (
    <Notice tone="bad" action={<Button onClick={again}>{words.tryAgain}</Button>}>
      {words.away} {failed}
    </Notice>
  );
}
