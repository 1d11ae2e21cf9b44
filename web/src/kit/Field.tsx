import { Checkbox as BaseCheckbox } from "@base-ui/react/checkbox";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type TextareaHTMLAttributes,
} from "react";

import { classes } from "./classes";
import { Icon } from "./Icon";

const BOX =
  "w-full rounded-md border border-line-strong/60 bg-paper px-2.5 text-base text-ink transition-colors duration-100 hover:border-line-strong disabled:opacity-50 aria-invalid:border-bad";

interface Around {
  label: string;
  /** A sentence below the field. */
  hint?: ReactNode;
  /** What is wrong, in a sentence; takes the hint's place. */
  error?: string | undefined;
  /** The label is for readers only; the place says it to everybody else. */
  labelHidden?: boolean;
  className?: string;
}

function FieldAround({
  id,
  label,
  hint,
  error,
  labelHidden = false,
  className,
  children,
}: Around & { id: string; children: ReactNode }) {
  return (
    <div className={classes("flex flex-col gap-1", className)}>
      <label htmlFor={id} className={labelHidden ? "sr-only" : "text-sm font-medium"}>
        {label}
      </label>
      {children}
      {error !== undefined ? (
        <p id={`${id}-about`} className="flex gap-1 text-sm text-bad">
          <Icon name="warning" className="mt-0.5" />
          {error}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-about`} className="text-sm text-ink-3">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Around & Omit<InputHTMLAttributes<HTMLInputElement>, "className"> & { ref?: Ref<HTMLInputElement> }) {
  const id = useId();
  const around = {
    id,
    label,
    hint,
    error,
    ...(labelHidden ? { labelHidden } : {}),
    ...(className ? { className } : {}),
  };
  return (
    <FieldAround {...around}>
      <input
        id={id}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error !== undefined || hint !== undefined ? `${id}-about` : undefined}
        autoComplete="off"
        {...rest}
        className={classes(BOX, "h-9")}
      />
    </FieldAround>
  );
}

export function TextArea({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Around &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "className"> & { ref?: Ref<HTMLTextAreaElement> }) {
  const id = useId();
  const around = {
    id,
    label,
    hint,
    error,
    ...(labelHidden ? { labelHidden } : {}),
    ...(className ? { className } : {}),
  };
  return (
    <FieldAround {...around}>
      <textarea
        id={id}
        rows={4}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error !== undefined || hint !== undefined ? `${id}-about` : undefined}
        {...rest}
        className={classes(BOX, "py-2")}
      />
    </FieldAround>
  );
}

export interface SelectOption<Value extends string> {
  value: Value;
  label: string;
}

/** The platform's own list: every phone and reader knows it. */
export function Select<Value extends string>({
  label,
  hint,
  error,
  labelHidden,
  className,
  options,
  value,
  onChange,
  disabled,
}: Around & {
  options: readonly SelectOption<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  disabled?: boolean;
}) {
  const id = useId();
  const around = {
    id,
    label,
    hint,
    error,
    ...(labelHidden ? { labelHidden } : {}),
    ...(className ? { className } : {}),
  };
  return (
    <FieldAround {...around}>
      <span className="relative">
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value as Value)}
          className={classes(BOX, "h-9 appearance-none pe-8")}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon name="down" size={14} className="pointer-events-none absolute end-2.5 top-2.5 text-ink-3" />
      </span>
    </FieldAround>
  );
}

export function Switch({
  label,
  hint,
  checked,
  onChange,
  disabled = false,
}: {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <span className="flex flex-col">
        <span id={id} className="text-sm font-medium">
          {label}
        </span>
        {hint !== undefined && <span className="text-sm text-ink-3">{hint}</span>}
      </span>
      <BaseSwitch.Root
        aria-labelledby={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="mt-0.5 flex h-5 w-9 shrink-0 rounded-full bg-line-strong p-0.5 transition-colors duration-100 data-[checked]:bg-accent data-[disabled]:opacity-50"
      >
        <BaseSwitch.Thumb className="size-4 rounded-full bg-paper transition-transform duration-100 ease-out data-[checked]:translate-x-4 rtl:data-[checked]:-translate-x-4" />
      </BaseSwitch.Root>
    </div>
  );
}

export function Checkbox({
  label,
  labelHidden = false,
  checked,
  onChange,
}: {
  label: string;
  labelHidden?: boolean;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    // Its words are pressed as well as its box.
    <label className="inline-flex max-w-full items-center gap-2">
      <BaseCheckbox.Root
        aria-labelledby={id}
        checked={checked}
        onCheckedChange={onChange}
        className="flex size-4 shrink-0 items-center justify-center rounded-[4px] border border-line-strong bg-paper data-[checked]:border-accent data-[checked]:bg-accent"
      >
        <BaseCheckbox.Indicator className="text-on-accent">
          <Icon name="done" size={12} />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <span id={id} className={labelHidden ? "sr-only" : "text-sm"}>
        {label}
      </span>
    </label>
  );
}
