import { lazy, useState, type ComponentType, type FunctionComponent } from "react";

/**
 * A component whose program is fetched apart, and ahead: once it is here it is drawn at once. React's own `lazy` shows
 * its fallback even then, and for 300 ms at least.
 */
export function ahead<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): [component: FunctionComponent<Props>, fetchNow: () => Promise<void>] {
  const Later = lazy(load) as unknown as ComponentType<Props>;
  let here: ComponentType<Props> | null = null;
  const fetchNow = async () => {
    try {
      here = (await load()).default;
    } catch {
      // Whoever opens it tries again, and is told if that fails.
    }
  };
  function Ahead(props: Props) {
    // What was begun with stays, or the screen would begin anew when the program comes.
    const [Chosen] = useState(() => here ?? Later);
    return <Chosen {...props} />;
  }
  return [Ahead, fetchNow];
}
