import type { ReactNode } from "react";

export interface Column<Row> {
  heading: string;
  cell: (row: Row) => ReactNode;
  /** Only for readers: a column of buttons says itself what it is. */
  headingHidden?: boolean;
  /** Figures stand at the end of their column. */
  end?: boolean;
}

/** A plain table that is scrolled sideways where the screen is narrow, by keys too. */
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
    <div
      role="group"
      aria-label={label}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className="-mx-1 overflow-x-auto px-1"
    >
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b border-line text-ink-2">
            {columns.map((column) => (
              <th
                key={column.heading}
                scope="col"
                className={`px-2 py-2 font-medium whitespace-nowrap first:ps-0 last:pe-0 ${column.end === true ? "text-end" : "text-start"}`}
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
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-b border-line">
              {columns.map((column) => (
                <td
                  key={column.heading}
                  className={`px-2 py-2.5 first:ps-0 last:pe-0 ${column.end === true ? "figures text-end" : "text-start"}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
