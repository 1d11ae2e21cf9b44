import "uplot/dist/uPlot.min.css";

import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { useStore } from "../data/store";
import { themeStore } from "../frame/theme";
import { words } from "../words/settings";
import type { Day } from "./days";

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const HEIGHT = 160;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function bars(): uPlot.Series.PathBuilder {
  const build = uPlot.paths.bars;
  if (build === undefined) throw new Error("uPlot was built without bars");
  return build({ size: [0.62, 28], radius: 0.18 });
}

function optionsFor(width: number): uPlot.Options {
  const axis = {
    stroke: token("--ink-3"),
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        splits: (self) => (self.data[0] as number[]).filter((_, place) => place % 2 === 1),
      },
      { ...axis, size: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
    ],
    series: [
      {},
      { fill: token("--line-strong"), width: 0, paths: bars(), points: { show: false } },
      { fill: token("--accent"), width: 0, paths: bars(), points: { show: false } },
    ],
  };
}

/** Two counts a day, one on the other. The picture is for eyes; the table below it says the same to readers. */
export function DayChart({ days }: { days: readonly Day[] }) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useStore(themeStore);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const options = optionsFor(element.clientWidth);
    const [dates] = options.axes ?? [];
    if (dates !== undefined) {
      dates.values = (_, splits) =>
        splits.map((split) => {
          const day = days[split];
          return day === undefined ? "" : DAY.format(day.from);
        });
    }
    const data: uPlot.AlignedData = [
      days.map((_, index) => index),
      days.map((day) => day.synced + day.skipped),
      days.map((day) => day.synced),
    ];
    const chart = new uPlot(options, data, element);
    const watcher = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      chart.destroy();
    };
  }, [days, theme]);
  return (
    <figure className="flex flex-col gap-2">
      <figcaption className="flex flex-wrap gap-4 text-sm text-ink-2">
        <span className="flex items-center gap-1.5">
          <span className="size-2.5 rounded-[3px] bg-accent" />
          {words.cameIn}
        </span>
        <span className="flex items-center gap-1.5">
          <span className="size-2.5 rounded-[3px] bg-line-strong" />
          {words.leftAlone}
        </span>
      </figcaption>
      <div ref={place} aria-hidden="true" dir="ltr" className="h-40 w-full overflow-hidden" />
      <ul className="sr-only">
        {days.map((day) => (
          <li key={day.from.getTime()}>{words.activityOf(DAY.format(day.from), day.synced, day.skipped)}</li>
        ))}
      </ul>
    </figure>
  );
}
