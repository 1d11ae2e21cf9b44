import type { ReactNode } from "react";

import { classes } from "./classes";

export interface Column<Row> {
  heading: string;
  cell: (row: Row) => ReactNode;
  /** Only for readers: a column of buttons says itself what it is. */
  headingHidden?: boolean;
  /** Figures stand at the end of their column. */
  end?: boolean;
}

/**
 * A plain table. On a phone each row is a block: its first cell is the heading, below it a line for each other cell
 * with its column's name.
 */
export function Table<Row>({
  label,
  rows,
  columns,
  keyOf,
}: {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
}) {
  return (
    <table aria-label={label} className="w-full text-sm max-sm:block">
      <thead className="max-sm:sr-only">
        <tr className="border-b border-line text-ink-2">
          {columns.map((column) => (
            <th
              key={column.heading}
              scope="col"
              className={classes(
                "px-2 py-2 font-medium whitespace-nowrap first:ps-0 last:pe-0",
                column.end === true ? "text-end" : "text-start",
              )}
            >
              {column.headingHidden === true ? (
                <span className="sr-only">{column.heading}</span>
              ) : (
                column.heading
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="max-sm:block">
        {rows.map((row) => (
          <tr key={keyOf(row)} className="border-b border-line max-sm:block max-sm:py-2">
            {columns.map((column, place) => {
              const content = column.cell(row);
              return (
                <td
                  key={column.heading}
                  className={classes(
                    "px-2 py-2.5 first:ps-0 last:pe-0 max-sm:items-baseline max-sm:gap-3 max-sm:px-0 max-sm:py-1",
                    content === null ? "max-sm:hidden" : "max-sm:flex",
                    column.end === true ? "figures text-end" : "text-start",
                  )}
                >
                  {place > 0 && column.headingHidden !== true && (
                    <span aria-hidden="true" className="w-28 shrink-0 text-start text-ink-3 sm:hidden">
                      {column.heading}
                    </span>
                  )}
                  <span className="wrap-words block min-w-0 max-sm:flex-1 max-sm:text-start">{content}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
