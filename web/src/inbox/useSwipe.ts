/** A finger that draws a row towards the end of its line: far enough, it is done; a little, it goes back. */
import { useRef, useState, type PointerEvent } from "react";

const BEGINS_PX = 12;
const ENOUGH_SHARE = 0.35;

interface Drag {
  pointer: number;
  x: number;
  y: number;
  width: number;
  /** The list scrolls, or the row is drawn; decided by the first few pixels. */
  way: "open" | "draws" | "scrolls";
}

export interface Swipe {
  /** How far the row is drawn, in pixels; 0 where it lies. */
  by: number;
  /** Whether letting go now does it. */
  enough: boolean;
  handlers: {
    onPointerDown: (event: PointerEvent<HTMLElement>) => void;
    onPointerMove: (event: PointerEvent<HTMLElement>) => void;
    onPointerUp: (event: PointerEvent<HTMLElement>) => void;
    onPointerCancel: () => void;
  };
  /** Whether the press that just ended drew the row, so that it opens nothing. */
  drew: () => boolean;
}

export function useSwipe(onSwiped: () => void): Swipe {
  const drag = useRef<Drag | null>(null);
  const drawn = useRef(false);
  const [by, setBy] = useState(0);
  const [width, setWidth] = useState(1);
  const end = () => {
    drag.current = null;
    setBy(0);
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const now = drag.current;
    if (now?.pointer !== event.pointerId || now.way === "scrolls") return;
    const [x, y] = [event.clientX - now.x, event.clientY - now.y];
    if (now.way === "open") {
      if (Math.abs(x) < BEGINS_PX && Math.abs(y) < BEGINS_PX) return;
      now.way = Math.abs(x) > 1.5 * Math.abs(y) ? "draws" : "scrolls";
      if (now.way === "scrolls") return;
      event.currentTarget.setPointerCapture(event.pointerId);
      drawn.current = true;
    }
    setBy(x);
  };
  return {
    by,
    enough: Math.abs(by) > ENOUGH_SHARE * width,
    handlers: {
      onPointerDown: (event) => {
        drawn.current = false;
        if (event.pointerType !== "touch" || !event.isPrimary) return;
        const room = event.currentTarget.clientWidth;
        setWidth(room);
        drag.current = {
          pointer: event.pointerId,
          x: event.clientX,
          y: event.clientY,
          width: room,
          way: "open",
        };
      },
      onPointerMove: move,
      onPointerUp: (event) => {
        const now = drag.current;
        const far = now === null ? 0 : Math.abs(event.clientX - now.x);
        const draws = now?.way === "draws";
        end();
        if (draws && far > ENOUGH_SHARE * now.width) onSwiped();
      },
      onPointerCancel: end,
    },
    drew: () => drawn.current,
  };
}
